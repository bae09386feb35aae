using MoREdge.ModelFile;

namespace MoREdge.Tests.Model;

/// <summary>Small random models of what is particular about families: windows, norms, experts, loops.</summary>
internal static class TinyFamilies
{
    public const int ExpertCount = 5;

    private const int ModelDim = 32;
    private const int ExpertDim = 24;

    public static readonly string[] Names =
    [
        "gemma2", "gemma3", "qwen3moe", "qwen2moe", "granitemoe", "olmo2", "phi3", "smollm3", "nanbeige", "ouro",
        "huginn", "mod",
    ];

    /// <summary>A model of an architecture; those with windows have one that every test crosses.</summary>
    public static TinyModel Create(string architecture, int seed = 1)
    {
        int blocks = architecture switch
        {
            "gemma3" => 6,
            "smollm3" or "huginn" => 5,
            "mod" => 4,
            _ => 2,
        };
        TinyModel model = TinyModel.Decoder(architecture, blocks, seed, biases: architecture == "qwen2moe");
        for (int block = 0; block < blocks; block++)
        {
            Adapt(model, architecture, block);
        }

        AddKeys(model, architecture);
        return model;
    }

    private static void Adapt(TinyModel model, string architecture, int block)
    {
        string Name(string name) => TensorNames.Block(block, name);
        bool isGemma3 = architecture == "gemma3";
        if (isGemma3 || architecture is "gemma2" or "olmo2" or "ouro" or "huginn")
        {
            model.Add(Name(TensorNames.PostAttentionNorm), ModelDim);
            model.Add(Name(TensorNames.PostFfnNorm), ModelDim);
        }

        if (architecture == "olmo2")
        {
            model.Remove(Name(TensorNames.AttentionNorm));
            model.Remove(Name(TensorNames.FfnNorm));
            model.Add(Name(TensorNames.QueryNorm), ModelDim);
            model.Add(Name(TensorNames.KeyNorm), TinyModel.KvHeadCount * TinyModel.HeadDim);
        }

        if (isGemma3 || architecture == "qwen3moe")
        {
            model.Add(Name(TensorNames.QueryNorm), TinyModel.HeadDim);
            model.Add(Name(TensorNames.KeyNorm), TinyModel.HeadDim);
        }

        // One block of a mixture has one feed-forward network as others do.
        if (architecture.EndsWith("moe", StringComparison.Ordinal) && block > 0)
        {
            AddExperts(model, architecture, Name);
        }
    }

    private static void AddExperts(TinyModel model, string architecture, Func<string, string> name)
    {
        foreach (string dense in (string[])[TensorNames.FfnGate, TensorNames.FfnUp, TensorNames.FfnDown])
        {
            model.Remove(name(dense));
        }

        foreach (string bias in (string[])[TensorNames.FfnGateBias, TensorNames.FfnUpBias, TensorNames.FfnDownBias])
        {
            model.Remove(name(bias));
        }

        model.Add(name(TensorNames.ExpertGate), ExpertCount, ModelDim);
        for (int expert = 0; expert < ExpertCount; expert++)
        {
            model.Add(name(TensorNames.Expert(TensorNames.FfnGate, expert)), ExpertDim, ModelDim);
            model.Add(name(TensorNames.Expert(TensorNames.FfnUp, expert)), ExpertDim, ModelDim);
            model.Add(name(TensorNames.Expert(TensorNames.FfnDown, expert)), ModelDim, ExpertDim);
        }

        if (architecture == "qwen2moe")
        {
            model.Add(name(TensorNames.SharedGate), ModelDim, ModelDim);
            model.Add(name(TensorNames.SharedUp), ModelDim, ModelDim);
            model.Add(name(TensorNames.SharedDown), ModelDim, ModelDim);
            model.Add(name(TensorNames.SharedSwitch), ModelDim);
        }
    }

    private static void AddKeys(TinyModel model, string architecture)
    {
        void Count(string suffix, int value) => model.Set(suffix, GgufValue.FromUInt32((uint)value));
        void Number(string suffix, float value) => model.Set(suffix, GgufValue.FromFloat32(value));

        switch (architecture)
        {
            case "gemma2" or "gemma3":
                Count(MetadataKeys.SlidingWindow, 10);
                Number(MetadataKeys.AttentionSoftCap, 3);
                Number(MetadataKeys.LogitSoftCap, 5);
                break;
            case "phi3":
                Count(MetadataKeys.SlidingWindow, 21);
                Count(MetadataKeys.RopeDimensionCount, 6);
                break;
            case "granitemoe":
                Number(MetadataKeys.LogitScale, 3);
                Number(MetadataKeys.ResidualScale, 0.5f);
                Number(MetadataKeys.EmbeddingScale, 4);
                Count(ExpertKeys.GatingFunction, 3);
                break;
            case "mod":
                model.Set(SkipKeys.Capacities, GgufValue.FromFloat64s(1, 0.5, 1, 0.5));
                model.Add(TensorNames.Block(1, TensorNames.SkipRouter), 1, ModelDim);
                model.Add(TensorNames.Block(3, TensorNames.SkipRouter), 1, ModelDim);
                break;
            case "nanbeige":
                Count(MetadataKeys.LoopCount, 3);
                break;
            case "ouro":
                Count(MetadataKeys.LoopCount, 3);
                Number(MetadataKeys.ExitThreshold, 0.75f);
                model.Add(TensorNames.ExitGate, 1, ModelDim);
                model.Add(TensorNames.ExitGateBias, 1);
                break;
            case "huginn":
                Count(MetadataKeys.LoopCount, 3);
                Count(MetadataKeys.PreludeCount, 2);
                Count(MetadataKeys.CodaCount, 1);
                model.Add(TensorNames.LoopAdapter, ModelDim, 2 * ModelDim);
                break;
        }

        if (architecture.EndsWith("moe", StringComparison.Ordinal))
        {
            Count(ExpertKeys.Count, ExpertCount);
            Count(ExpertKeys.UsedCount, 2);
            Count(ExpertKeys.FeedForwardLength, ExpertDim);
            Count(ExpertKeys.SharedFeedForwardLength, architecture == "qwen2moe" ? ModelDim : 0);
        }
    }
}
