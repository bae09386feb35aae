using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>How much of a model file is stored in one number format.</summary>
/// <param name="Name">The format, such as "Q4G32" or "F32".</param>
/// <param name="TensorCount">Tensors.</param>
/// <param name="WeightCount">Weights.</param>
/// <param name="Bytes">Bytes.</param>
/// <param name="ByteShare">Bytes as a share of all tensors' bytes.</param>
internal sealed record FormatShare(string Name, long TensorCount, long WeightCount, long Bytes, double ByteShare)
{
    /// <summary>The format of one tensor.</summary>
    public static string NameOf(GgufTensor tensor) =>
        tensor.Packed is { } layout ? layout.Format.ToString() : tensor.Type.ToString();

    /// <summary>The formats of a file, the largest first.</summary>
    public static List<FormatShare> Collect(GgufFile file)
    {
        Dictionary<string, FormatShare> shares = [];
        long total = 0;
        foreach (GgufTensor tensor in file.Tensors)
        {
            string name = NameOf(tensor);
            FormatShare share = shares.GetValueOrDefault(name) ?? new FormatShare(name, 0, 0, 0, 0);
            shares[name] = share with
            {
                TensorCount = share.TensorCount + 1,
                WeightCount = share.WeightCount + tensor.Shape.ElementCount,
                Bytes = share.Bytes + tensor.ByteCount,
            };
            total += tensor.ByteCount;
        }

        List<FormatShare> ordered = [];
        foreach (FormatShare share in shares.Values)
        {
            ordered.Add(share with { ByteShare = (double)share.Bytes / total });
        }

        ordered.Sort((left, right) => right.Bytes.CompareTo(left.Bytes));
        return ordered;
    }
}
