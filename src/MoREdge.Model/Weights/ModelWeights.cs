using MoREdge.Kernels;
using MoREdge.ModelFile;

namespace MoREdge.Model.Weights;

/// <summary>
/// Every weight of a model as views of its file; only norms, biases and routers are copied (kilobytes).
/// </summary>
internal sealed class ModelWeights
{
    private readonly WeightSource _source;
    private readonly ModelConfig _config;

    /// <summary>Finds every tensor and checks its shape against the configuration.</summary>
    /// <exception cref="ModelFileException">A tensor is missing or has another shape.</exception>
    public ModelWeights(GgufFile file, ModelConfig config, KernelSet kernels)
    {
        _source = new WeightSource(file, kernels);
        _config = config;
        Embedding = _source.Matrix(TensorNames.TokenEmbedding, null, config.VocabSize, config.ModelDim);
        EmbeddingNorm = config.HasEmbeddingNorm ? _source.Vector(TensorNames.EmbeddingNorm, config.ModelDim) : null;
        OutputNorm = _source.Vector(TensorNames.OutputNorm, config.ModelDim);
        Head = _source.Has(TensorNames.Output)
            ? _source.Matrix(TensorNames.Output, null, config.VocabSize, config.ModelDim)
            : Embedding;
        int pairs = (config.Rotary.Dim == 0 ? config.HeadDim : config.Rotary.Dim) / 2;
        RotaryFactors = config.Retention is not null ? new RotaryFactors(null, null, null) : new RotaryFactors(
            _source.OptionalVector(TensorNames.RopeFrequencies, pairs),
            _source.OptionalVector(TensorNames.RopeFactorsShort, pairs),
            _source.OptionalVector(TensorNames.RopeFactorsLong, pairs));
        Layers = new LayerWeights[config.BlockCount][];
        for (int block = 0; block < Layers.Length; block++)
        {
            Layers[block] = BlockLayers(block);
        }

        Routers = ReadRouters();
        LoopAdapter = config.Recursion?.HasAdapter == true
            ? _source.Matrix(TensorNames.LoopAdapter, null, config.ModelDim, 2 * config.ModelDim)
            : null;
        ExitGate = config.Recursion?.DepthRule == DepthRule.ExitGate
            ? new ExitGateWeights(
                _source.FloatRows(TensorNames.ExitGate, 1, config.ModelDim)[0],
                _source.Vector(TensorNames.ExitGateBias, 1)[0])
            : null;
        DraftHead = config.Recursion is { DraftSize: > 0 } recursion ? ReadDraftHead(recursion.DraftSize) : null;
        _source.RefuseUnread();
    }

    /// <summary>(VocabSize, ModelDim).</summary>
    public WeightMatrix Embedding { get; }

    /// <summary>Norm of the embedding's rows (ModelDim), or null.</summary>
    public float[]? EmbeddingNorm { get; }

    /// <summary>Norm before the head (ModelDim).</summary>
    public float[] OutputNorm { get; }

    /// <summary>(VocabSize, ModelDim); the embedding itself when tied.</summary>
    public WeightMatrix Head { get; }

    /// <summary>Divisors of the rotary frequencies.</summary>
    public RotaryFactors RotaryFactors { get; }

    /// <summary>[physical block][recursion]; one entry where all recursions agree.</summary>
    public LayerWeights[][] Layers { get; }

    /// <summary>Expert-choice: one per recursion; token-choice: one; otherwise none.</summary>
    public RouterWeights[] Routers { get; }

    /// <summary>What a recursion of Huginn begins with (ModelDim, 2·ModelDim), or null.</summary>
    public WeightMatrix? LoopAdapter { get; }

    /// <summary>The gate behind each recursion, or null.</summary>
    public ExitGateWeights? ExitGate { get; }

    /// <summary>What drafts the token behind a draft, or null.</summary>
    public DraftHeadWeights? DraftHead { get; }

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

    private DraftHeadWeights ReadDraftHead(int size) => new(
        _source.Vector(TensorNames.DraftHiddenNorm, _config.ModelDim),
        _source.Vector(TensorNames.DraftEmbeddingNorm, _config.ModelDim),
        _source.Matrix(TensorNames.DraftUp, null, size, 2 * _config.ModelDim),
        _source.Matrix(TensorNames.DraftDown, null, _config.ModelDim, size));

    private LayerWeights[] BlockLayers(int block)
    {
        bool untied = false;
        string ownName = TensorNames.Block(block, "recursion.");
        foreach (GgufTensor tensor in _source.Tensors)
        {
            untied |= tensor.Name.StartsWith(ownName, StringComparison.Ordinal);
        }

        LayerWeights[] layers = new LayerWeights[untied ? _config.RecursionCount : 1];
        for (int r = 0; r < layers.Length; r++)
        {
            layers[r] = new LayerReader(_source, _config, block, r).Read();
        }

        return layers;
    }

    private RouterWeights[] ReadRouters()
    {
        if (_config.Recursion is not { DepthRule: DepthRule.ExpertChoice or DepthRule.TokenChoice } recursion)
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
            && _source.Has(TensorNames.TokenRouterBias);
        float[]? balance = isBalanced ? _source.Vector(TensorNames.TokenRouterBias, outputCount) : null;
        return recursion.RouterKind == RouterKind.Linear
            ? new RouterWeights
            {
                First = _source.FloatRows(name(TensorNames.RouterLinear), outputCount, dim),
                Balance = balance,
            }
            : new RouterWeights
            {
                First = _source.FloatRows(name(TensorNames.RouterHidden), 2 * dim, dim),
                Second = _source.FloatRows(name(TensorNames.RouterOutput), outputCount, 2 * dim),
                Balance = balance,
            };
    }
}
