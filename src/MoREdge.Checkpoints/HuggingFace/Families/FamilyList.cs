using System.Text.Json;

namespace MoREdge.Checkpoints.HuggingFace.Families;

/// <summary>Every family that is read, and which of them a configuration is of.</summary>
internal static class FamilyList
{
    private static readonly DecoderFamily[] All =
    [
        new Llama(), new Mistral(), new Mixtral(), new MixtureOfExperts(), new Qwen2(), new Qwen2Experts(), new Qwen3(),
        new Qwen3Experts(), new Gemma2(), new Gemma3(), new Phi3(), new Granite(), new GraniteExperts(), new Olmo2(),
        new Olmoe(), new SmolLm3(), new Nanbeige(), new Ouro(), new Huginn(), new MixtureOfDepths(),
        new FlaRetNet(), new TorchscaleRetNet(),
    ];

    /// <summary>The family of a configuration.</summary>
    /// <exception cref="CheckpointException">UnsupportedArchitecture, or InvalidValue.</exception>
    public static DecoderFamily Of(ConfigObject json)
    {
        string? name = ClassName(json);
        string? modelType = json.GetString("model_type");
        RefuseOtherKinds(json, name);
        foreach (DecoderFamily family in All)
        {
            bool isNamed = name is null ? family.ModelType == modelType : family.HasClass(name);
            if (isNamed && family.Describes(json))
            {
                return family;
            }
        }

        throw new CheckpointException(
            CheckpointError.UnsupportedArchitecture,
            $"{json.Name} describes the architecture {CheckpointException.Quote(name ?? modelType ?? "(none)")}; "
            + $"{Supported()} are supported.");
    }

    /// <summary>The names of all classes, for a sentence; families may share one.</summary>
    private static string Supported()
    {
        List<string> names = [];
        foreach (DecoderFamily family in All)
        {
            foreach (string name in family.ClassNames)
            {
                if (!names.Contains(name))
                {
                    names.Add(name);
                }
            }
        }

        return string.Join(", ", names);
    }

    private static string? ClassName(ConfigObject json)
    {
        if (!json.TryGet("architectures", out JsonElement list))
        {
            return null;
        }

        bool isOne = list.ValueKind == JsonValueKind.Array && list.GetArrayLength() == 1
            && list[0].ValueKind == JsonValueKind.String;
        return isOne ? list[0].GetString() : throw json.Invalid("architectures", "does not name exactly one class");
    }

    /// <summary>What a configuration of another class becomes through an object beside "mor".</summary>
    private static void RefuseOtherKinds(ConfigObject json, string? name)
    {
        string? kind = json.TryGet("mod", out _) && name != MixtureOfDepths.ClassName ? "Mixture-of-Depths"
            : json.TryGet("moe", out _) && name is not (MixtureOfExperts.ClassName or MixtureOfDepths.ClassName)
                ? "Mixture-of-Experts"
                : null;
        if (kind is not null)
        {
            throw new CheckpointException(
                CheckpointError.UnsupportedArchitecture,
                $"{json.Name} describes the architecture {name ?? kind} with {kind}, which is not supported.");
        }
    }
}
