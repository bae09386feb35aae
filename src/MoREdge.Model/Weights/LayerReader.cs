using MoREdge.ModelFile;

namespace MoREdge.Model.Weights;

/// <summary>Finds the weights of one physical block as one recursion sees them.</summary>
internal sealed class LayerReader(WeightSource source, ModelConfig config, int block, int recursion)
{
    /// <summary>Views every tensor.</summary>
    /// <exception cref="ModelFileException">A tensor is missing or has another shape.</exception>
    public LayerWeights Read()
    {
        (WeightMatrix query, WeightMatrix key, WeightMatrix value) = source.Has(Name(TensorNames.AttentionFused))
            ? FusedProjections()
            : (Projection(TensorNames.AttentionQuery, TensorNames.AttentionQueryBias, config.QueryDim),
                Projection(TensorNames.AttentionKey, TensorNames.AttentionKeyBias, config.KvDim),
                Projection(TensorNames.AttentionValue, TensorNames.AttentionValueBias, config.KvValueDim));
        bool hasExperts = config.Block(block).HasExperts;
        return new LayerWeights
        {
            AttentionNorm = config.HasPreNorms ? Norm(TensorNames.AttentionNorm) : null,
            Query = query,
            Key = key,
            Value = value,
            Output = source.Matrix(
                Name(TensorNames.AttentionOutput), Name(TensorNames.AttentionOutputBias), config.ModelDim,
                config.MixedDim),
            Gate = config.Retention?.HasGate == true
                ? source.Matrix(Name(TensorNames.RetentionGate), null, config.MixedDim, config.ModelDim)
                : null,
            ReadNorm = config.Retention is { } retention ? ReadNorm(retention) : null,
            QueryNorm = HeadNorm(TensorNames.QueryNorm, config.QueryDim),
            KeyNorm = HeadNorm(TensorNames.KeyNorm, config.KvDim),
            PostAttentionNorm = config.HasPostNorms ? Norm(TensorNames.PostAttentionNorm) : null,
            FfnNorm = config.HasPreNorms ? Norm(TensorNames.FfnNorm) : null,
            Ffn = hasExperts ? SharedFfn() : Ffn(),
            Experts = hasExperts ? new ExpertReader(source, config, Name).Read() : null,
            Skip = config.Skips?.IsRouted(block) == true ? Skip() : null,
            PostFfnNorm = config.HasPostNorms ? Norm(TensorNames.PostFfnNorm) : null,
        };
    }

    /// <summary>The recursion's own tensor where there is one, else the one that all share.</summary>
    private string Name(string name)
    {
        string own = TensorNames.BlockRecursion(block, recursion, name);
        string shared = TensorNames.Block(block, name);
        if (source.Has(own))
        {
            source.Know(shared);
            return own;
        }

        return shared;
    }

    private float[] Norm(string name) => source.Vector(Name(name), config.ModelDim);

    private float[] ReadNorm(RetentionConfig retention)
    {
        if (retention.HasNormWeights)
        {
            return source.Vector(Name(TensorNames.RetentionNorm), retention.ValueDim);
        }

        float[] ones = new float[retention.ValueDim];
        Array.Fill(ones, 1);
        return ones;
    }

    private float[]? HeadNorm(string name, int wholeDim) => config.QueryKeyNorm switch
    {
        QueryKeyNorm.None => null,
        QueryKeyNorm.PerHead => source.Vector(Name(name), config.HeadDim),
        _ => source.Vector(Name(name), wholeDim),
    };

    private WeightMatrix Projection(string name, string bias, int rows) =>
        source.Matrix(Name(name), Name(bias), rows, config.ModelDim);

    private (WeightMatrix Query, WeightMatrix Key, WeightMatrix Value) FusedProjections()
    {
        int rows = config.QueryDim + (2 * config.KvDim);
        WeightMatrix Part(int start, int count) =>
            source.Rows(Name(TensorNames.AttentionFused), start, count, rows, config.ModelDim);

        return (Part(0, config.QueryDim), Part(config.QueryDim, config.KvDim),
            Part(config.QueryDim + config.KvDim, config.KvDim));
    }

    private FfnWeights Ffn()
    {
        if (!config.IsFfnGated)
        {
            return new FfnWeights
            {
                Gate = Projection(TensorNames.FfnUp, TensorNames.FfnUpBias, config.FfnDim),
                Up = null,
                Down = source.Matrix(
                    Name(TensorNames.FfnDown), Name(TensorNames.FfnDownBias), config.ModelDim, config.FfnDim),
            };
        }

        // Gate and up projection in one tensor, in the files of others: the gate comes first.
        bool isFused = !source.Has(Name(TensorNames.FfnGate));
        int dim = config.FfnDim;
        WeightMatrix Half(int start) => source.Rows(Name(TensorNames.FfnUp), start, dim, 2L * dim, config.ModelDim);

        return new FfnWeights
        {
            Gate = isFused ? Half(0) : Projection(TensorNames.FfnGate, TensorNames.FfnGateBias, dim),
            Up = isFused ? Half(dim) : Projection(TensorNames.FfnUp, TensorNames.FfnUpBias, dim),
            Down = source.Matrix(Name(TensorNames.FfnDown), Name(TensorNames.FfnDownBias), config.ModelDim, dim),
        };
    }

    private SkipWeights Skip()
    {
        string predictor = Name(TensorNames.SkipPredictor);
        string hidden = Name(TensorNames.SkipPredictorHidden);
        int width = source.Has(hidden) ? source.RowCount(hidden) : config.ModelDim;
        bool hasPredictor = source.Has(predictor) || config.Skips!.UsesPredictor;
        return new SkipWeights
        {
            Router = source.FloatRows(Name(TensorNames.SkipRouter), 1, config.ModelDim)[0],
            Bias = source.OptionalVector(Name(TensorNames.SkipRouterBias), 1)?[0] ?? 0,
            Predictor = hasPredictor ? source.FloatRows(predictor, 1, width)[0] : null,
            PredictorHidden = source.Has(hidden) ? source.FloatRows(hidden, width, config.ModelDim) : null,
        };
    }

    private FfnWeights? SharedFfn()
    {
        int dim = config.Experts!.SharedFfnDim;
        return dim == 0 ? null : new FfnWeights
        {
            Gate = source.Matrix(Name(TensorNames.SharedGate), null, dim, config.ModelDim),
            Up = source.Matrix(Name(TensorNames.SharedUp), null, dim, config.ModelDim),
            Down = source.Matrix(Name(TensorNames.SharedDown), null, config.ModelDim, dim),
        };
    }
}
