using System.Text;
using MoREdge.Quantization;
using MoREdge.Tensors;

namespace MoREdge.Cli;

/// <summary>The same tensor of several blocks or recursions: one row of the quantization table.</summary>
internal sealed class TensorGroup
{
    private TensorGroup(string pattern, TensorReport first)
    {
        Pattern = pattern;
        Shape = first.Shape;
        Target = first.Target;
        SourceTypes = first.SourceType.ToString();
    }

    /// <summary>The name with '*' for the numbers in it, such as "blk.*.attn_q.weight".</summary>
    public string Pattern { get; }

    /// <summary>The shape all have.</summary>
    public TensorShape Shape { get; }

    /// <summary>The format all became.</summary>
    public TargetFormat Target { get; }

    /// <summary>The types the source stored them in.</summary>
    public string SourceTypes { get; private set; }

    /// <summary>How many tensors.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of all in the model file.</summary>
    public long TargetBytes { get; private set; }

    /// <summary>The largest relative error among them.</summary>
    public double RelativeErrorMax { get; private set; }

    /// <summary>Every tensor is in exactly one group; groups stand in the order of their first tensors.</summary>
    public static List<TensorGroup> Collect(IReadOnlyList<TensorReport> tensors)
    {
        List<TensorGroup> groups = [];
        Dictionary<(string, TensorShape, TargetFormat), TensorGroup> byKey = [];
        foreach (TensorReport tensor in tensors)
        {
            string pattern = PatternOf(tensor.Name);
            if (!byKey.TryGetValue((pattern, tensor.Shape, tensor.Target), out TensorGroup? group))
            {
                group = new TensorGroup(pattern, tensor);
                byKey.Add((pattern, tensor.Shape, tensor.Target), group);
                groups.Add(group);
            }

            group.Add(tensor);
        }

        return groups;
    }

    private static string PatternOf(string name)
    {
        StringBuilder pattern = new();
        foreach (string part in PlainText.Clean(name).Split('.'))
        {
            bool isNumber = part.Length > 0 && part.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0;
            pattern.Append(pattern.Length == 0 ? "" : ".").Append(isNumber ? "*" : part);
        }

        return pattern.ToString();
    }

    private void Add(TensorReport tensor)
    {
        Count++;
        TargetBytes += tensor.TargetBytes;
        RelativeErrorMax = Math.Max(RelativeErrorMax, tensor.RelativeError);
        string type = tensor.SourceType.ToString();
        if (Array.IndexOf(SourceTypes.Split('+'), type) < 0)
        {
            SourceTypes += "+" + type;
        }
    }
}
