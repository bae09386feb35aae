using System.Globalization;
using MoREdge.Checkpoints.HuggingFace;

namespace MoREdge.Checkpoints.Recursion;

/// <summary>Which kinds of layers the tensor names of a checkpoint speak of.</summary>
internal sealed class LayerNameSurvey
{
    private const int NamePartsMin = 4;

    private LayerNameSurvey()
    {
    }

    /// <summary>Indexes of layers with tensors of their own.</summary>
    public SortedSet<int> PlainLayers { get; } = [];

    /// <summary>Indexes of layers that hold "block.j".</summary>
    public SortedSet<int> ExpertLayers { get; } = [];

    /// <summary>Indexes of layers that hold "block_list.r.j".</summary>
    public SortedSet<int> TokenLayers { get; } = [];

    /// <summary>1 + the largest j of "block.j".</summary>
    public int ExpertBlocks { get; private set; }

    /// <summary>1 + the largest r of "block_list.r.j".</summary>
    public int TokenRecursions { get; private set; }

    /// <summary>1 + the largest j of "block_list.r.j".</summary>
    public int TokenBlocks { get; private set; }

    /// <summary>Surveys <paramref name="names"/>.</summary>
    /// <exception cref="CheckpointException">UnexpectedTensor: a layer index that is not one.</exception>
    public static LayerNameSurvey Of(IReadOnlyCollection<string> names)
    {
        LayerNameSurvey survey = new();
        foreach (string name in names)
        {
            string[] parts = name.Split('.');
            if (parts.Length >= NamePartsMin && parts[0] == "model" && parts[1] == "layers")
            {
                survey.Note(name, parts);
            }
        }

        return survey;
    }

    private void Note(string name, string[] parts)
    {
        int layer = Index(name, parts, 2);
        switch (parts[3])
        {
            case "block":
                ExpertLayers.Add(layer);
                ExpertBlocks = Math.Max(ExpertBlocks, Index(name, parts, 4) + 1);
                break;
            case "block_list":
                TokenLayers.Add(layer);
                TokenRecursions = Math.Max(TokenRecursions, Index(name, parts, 4) + 1);
                TokenBlocks = Math.Max(TokenBlocks, Index(name, parts, 5) + 1);
                break;
            case "self_attn" or "mlp" or "block_sparse_moe" or "input_layernorm" or "post_attention_layernorm"
                or "retention" or "attn":
                PlainLayers.Add(layer);
                break;
            default:
                // Routers belong to a layer that its blocks make known; anything else is refused where names are
                // consumed.
                break;
        }
    }

    private static int Index(string name, string[] parts, int position)
    {
        bool isIndex = position < parts.Length
            && int.TryParse(parts[position], NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            && index < DecoderConfig.LayerCountMax;
        return isIndex
            ? int.Parse(parts[position], CultureInfo.InvariantCulture)
            : throw new CheckpointException(
                CheckpointError.UnexpectedTensor,
                $"Tensor {CheckpointException.Quote(name)} has no layer index where one belongs.");
    }
}
