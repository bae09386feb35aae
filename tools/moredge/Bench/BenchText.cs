using MoREdge.Inference;
using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>Texts that are measured.</summary>
internal static class BenchText
{
    /// <summary>Random ids.</summary>
    public static int[] Random(int count, DecoderModel model, int seed)
    {
        Random random = new(seed);
        int[] ids = new int[count];
        for (int i = 0; i < count; i++)
        {
            ids[i] = random.Next(model.Config.VocabSize);
        }

        return ids;
    }

    /// <summary>
    /// A part of the report text of a file; random ids where it has none, or no tokenizer, or for what it is too short.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="count">Ids wanted.</param>
    /// <param name="model">Its model.</param>
    /// <param name="index">The i-th part begins where the part before ends; behind the last comes the first.</param>
    public static int[] Report(GgufFile file, int count, DecoderModel model, int index)
    {
        int[] text = Random(count, model, index);
        string report = file.Metadata.GetString(MetadataKeys.ReportText, "");
        if (report.Length > 0 && TokenizerLoader.TryLoad(file) is { } tokenizer)
        {
            int[] ids = tokenizer.Encode(report, addSpecial: true, parseSpecial: true);
            int parts = Math.Max(1, ids.Length / count);
            int start = index % parts * count;
            ids.AsSpan(start, Math.Min(ids.Length - start, count)).CopyTo(text);
        }

        return text;
    }
}
