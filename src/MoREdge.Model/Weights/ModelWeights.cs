using MoREdge.Kernels;
using MoREdge.ModelFile;

namespace MoREdge.Model.Weights;

/// <summary>
/// Every weight of a model as views of its file; only norms, biases and routers are copied (kilobytes).
/// </summary>
internal sealed class ModelWeights
{
    private readonly GgufFile _file;
    private readonly ModelConfig _config;
    private readonly KernelSet _kernels;

    /// <summary>Finds every tensor and checks its shape against the configuration.</summary>
    /// <exception cref="ModelFileException">A tensor is missing or has another shape.</exception>
    public ModelWeights(GgufFile file, ModelConfig config, KernelSet kernels)
    {
        _file = file;
        _config = config;
        _kernels = kernels;
        Embedding = Matrix(TensorNames.TokenEmbedding, null, config.VocabSize, config.ModelDim);
        OutputNorm = Vector(TensorNames.OutputNorm, config.ModelDim);
        Head = file.TryGetTensor(TensorNames.Output, out _)
            ? Matrix(TensorNames.Output, null, config.VocabSize, config.ModelDim)
            : Embedding;
        RopeFactors = file.TryGetTensor(TensorNames.RopeFrequencies, out _)
            ? Vector(TensorNames.RopeFrequencies, config.HeadDim / 2)
            : null;
        Layers = new LayerWeights[config.BlockCount][];
        for (int block = 0; block < Layers.Length; block++)
        {
            Layers[block] = BlockLayers(block);
        }

        Routers = ReadRouters();
    }

    /// <summary>(VocabSize, ModelDim).</summary>
    public WeightMatrix Embedding { get; }

    /// <summary>Norm before the head (ModelDim).</summary>
    public float[] OutputNorm { get; }

    /// <summary>(VocabSize, ModelDim); the embedding itself when tied.</summary>
    public WeightMatrix Head { get; }

    /// <summary>Divisors of the rotary frequencies (HeadDim / 2), or null.</summary>
    public float[]? RopeFactors { get; }

    /// <summary>[physical block][recursion]; one entry where all recursions agree.</summary>
    public LayerWeights[][] Layers { get; }

    /// <summary>Expert-choice: one per recursion; token-choice: one; otherwise none.</summary>
    public RouterWeights[] Routers { get; }

    /// <summary>The weights of a physical block in a recursion.</summary>
    public LayerWeights Layer(int block, int recursion)
    {
        LayerWeights[] recursions = Layers[block];
        return recursions[recursions.Length == 1 ? 0 : recursion];
    }

    /// <summary>For each recursion of a loop, the first one that runs through the same weights.</summary>
    public int[] GroupRecursions(LayerCall[][] loop)
    {
        int[] groups = new int[loop.Length];
        for (int r = 0; r < groups.Length; r++)
        {
            groups[r] = Array.FindIndex(loop, calls => HaveSameWeights(calls, loop[r]));
        }

        return groups;
    }

    private bool HaveSameWeights(LayerCall[] x, LayerCall[] y)
    {
        for (int i = 0; i < x.Length; i++)
        {
            if (Layer(x[i].Block, x[i].Recursion) != Layer(y[i].Block, y[i].Recursion))
            {
                return false;
            }
        }

        return true;
    }

    private LayerWeights[] BlockLayers(int block)
    {
        bool untied = false;
        string ownName = TensorNames.Block(block, "recursion.");
        foreach (GgufTensor tensor in _file.Tensors)
        {
            untied |= tensor.Name.StartsWith(ownName, StringComparison.Ordinal);
        }

        LayerWeights[] layers = new LayerWeights[untied ? _config.RecursionCount : 1];
        for (int r = 0; r < layers.Length; r++)
        {
            layers[r] = OneLayer(block, r);
        }

        return layers;
    }

    private LayerWeights OneLayer(int block, int recursion)
    {
        string Name(string name)
        {
            string own = TensorNames.BlockRecursion(block, recursion, name);
            return _file.TryGetTensor(own, out _) ? own : TensorNames.Block(block, name);
        }

        ModelConfig c = _config;
        WeightMatrix Projection(string name, string bias, int rows, int cols) =>
            Matrix(Name(name), Name(bias), rows, cols);

        return new LayerWeights
        {
            AttentionNorm = Vector(Name(TensorNames.AttentionNorm), c.ModelDim),
            Query = Projection(TensorNames.AttentionQuery, TensorNames.AttentionQueryBias, c.QueryDim, c.ModelDim),
            Key = Projection(TensorNames.AttentionKey, TensorNames.AttentionKeyBias, c.KvDim, c.ModelDim),
            Value = Projection(TensorNames.AttentionValue, TensorNames.AttentionValueBias, c.KvDim, c.ModelDim),
            Output = Projection(TensorNames.AttentionOutput, TensorNames.AttentionOutputBias, c.ModelDim, c.QueryDim),
            FfnNorm = Vector(Name(TensorNames.FfnNorm), c.ModelDim),
            Gate = Projection(TensorNames.FfnGate, TensorNames.FfnGateBias, c.FfnDim, c.ModelDim),
            Up = Projection(TensorNames.FfnUp, TensorNames.FfnUpBias, c.FfnDim, c.ModelDim),
            Down = Projection(TensorNames.FfnDown, TensorNames.FfnDownBias, c.ModelDim, c.FfnDim),
        };
    }

    private RouterWeights[] ReadRouters()
    {
        if (_config.Recursion is not { DepthRule: not DepthRule.Fixed } recursion)
        {
            return [];
        }

        if (recursion.DepthRule == DepthRule.TokenChoice)
        {
            return [Router(recursion, TensorNames.TokenRouter, recursion.RecursionCount)];
        }

        RouterWeights[] routers = new RouterWeights[recursion.RecursionCount];
        for (int r = 0; r < routers.Length; r++)
        {
            int index = r;
            routers[r] = Router(recursion, part => TensorNames.ExpertRouter(index, part), 1);
        }

        return routers;
    }

    private RouterWeights Router(RecursionConfig recursion, Func<string, string> name, int outputCount)
    {
        int dim = _config.ModelDim;
        bool isBalanced = recursion.DepthRule == DepthRule.TokenChoice
            && _file.TryGetTensor(TensorNames.TokenRouterBias, out _);
        float[]? balance = isBalanced ? Vector(TensorNames.TokenRouterBias, outputCount) : null;
        return recursion.RouterKind == RouterKind.Linear
            ? new RouterWeights
            {
                First = FloatRows(name(TensorNames.RouterLinear), outputCount, dim),
                Balance = balance,
            }
            : new RouterWeights
            {
                First = FloatRows(name(TensorNames.RouterHidden), 2 * dim, dim),
                Second = FloatRows(name(TensorNames.RouterOutput), outputCount, 2 * dim),
                Balance = balance,
            };
    }

    private WeightMatrix Matrix(string name, string? biasName, int rows, int cols)
    {
        GgufTensor tensor = _file.RequireTensor(name);
        tensor.RequireShape(rows, cols);
        float[]? bias = biasName is not null && _file.TryGetTensor(biasName, out _) ? Vector(biasName, rows) : null;
        return new WeightMatrix(_file, tensor, bias);
    }

    private float[] Vector(string name, int length)
    {
        GgufTensor tensor = _file.RequireTensor(name);
        tensor.RequireShape(length);
        return Floats(tensor, 1)[0];
    }

    private float[][] FloatRows(string name, int rows, int cols)
    {
        GgufTensor tensor = _file.RequireTensor(name);
        tensor.RequireShape(rows, cols);
        return Floats(tensor, rows);
    }

    private float[][] Floats(GgufTensor tensor, int rows)
    {
        WeightMatrix matrix = new(_file, tensor, null);
        float[][] result = new float[rows][];
        for (int row = 0; row < rows; row++)
        {
            result[row] = new float[matrix.Cols];
            matrix.CopyRow(_kernels, row, result[row]);
        }

        return result;
    }
}
