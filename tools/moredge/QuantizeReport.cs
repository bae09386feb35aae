using System.Globalization;
using System.Text;
using System.Text.Json;
using MoREdge.Checkpoints;
using MoREdge.Quantization;
using MoREdge.Tensors;

namespace MoREdge.Cli;

/// <summary>What a quantization did: a table for people, members of a JSON object for programs.</summary>
internal sealed class QuantizeReport
{
    private readonly IReadOnlyList<TensorReport> _tensors;
    private readonly IReadOnlyList<string> _warnings;
    private readonly string _source;
    private readonly string _description;
    private readonly string _path;
    private readonly long _sourceBytes;
    private readonly long _fileBytes;
    private readonly double _seconds;

    /// <summary>Collects what <paramref name="seconds"/> of work on <paramref name="checkpoint"/> gave.</summary>
    public QuantizeReport(
        Checkpoint checkpoint, string source, string path, long fileBytes, IReadOnlyList<TensorReport> tensors,
        double seconds)
    {
        _tensors = tensors;
        _warnings = checkpoint.Warnings;
        _description = checkpoint.Description;
        _source = source;
        _path = path;
        _seconds = seconds;
        _fileBytes = fileBytes;
        _sourceBytes = File.Exists(source) ? Length(source) : WeightBytes(tensors);
    }

    /// <summary>The table and a summary.</summary>
    public StringBuilder ToText()
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{PlainText.Clean(_source)}: {PlainText.Clean(_description)}");
        text.AppendLine();
        TextTable table = new(false, true, false, false, false, true, true);
        table.Add("tensor", "count", "shape", "from", "to", "size", "error");
        foreach (TensorGroup group in TensorGroup.Collect(_tensors))
        {
            table.Add(
                group.Pattern, group.Count.ToString(CultureInfo.InvariantCulture), group.Shape.ToString(),
                group.SourceTypes, group.Target.ToString(), ByteText.Format(group.TargetBytes),
                ErrorText(group.RelativeErrorMax));
        }

        table.AppendTo(text);
        text.AppendLine();
        double share = 100.0 * _fileBytes / Math.Max(1, _sourceBytes);
        string before = File.Exists(_source) ? "" : " of weights";
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{ByteText.Format(_sourceBytes)}{before} became {ByteText.Format(_fileBytes)} "
            + $"({share:F1} %) in {_seconds:F1} s: {_path}");
        return text;
    }

    /// <summary>Every tensor by itself.</summary>
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("source", _source);
        writer.WriteString("description", _description);
        writer.WriteString("output", _path);
        writer.WriteNumber("source_bytes", _sourceBytes);
        writer.WriteNumber("file_bytes", _fileBytes);
        writer.WriteNumber("seconds", Math.Round(_seconds, 3));
        writer.WriteStartArray("warnings");
        foreach (string warning in _warnings)
        {
            writer.WriteStringValue(warning);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("tensors");
        foreach (TensorReport tensor in _tensors)
        {
            writer.WriteStartObject();
            writer.WriteString("name", tensor.Name);
            writer.WriteStartArray("shape");
            foreach (long dimension in tensor.Shape.Dimensions)
            {
                writer.WriteNumberValue(dimension);
            }

            writer.WriteEndArray();
            writer.WriteString("from", tensor.SourceType.ToString());
            writer.WriteString("to", tensor.Target.ToString());
            writer.WriteNumber("bytes", tensor.TargetBytes);
            writer.WriteNumber("relative_rms_error", tensor.RelativeError);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static string ErrorText(double error) =>
        error == 0 ? "exact" : string.Create(CultureInfo.InvariantCulture, $"{100 * error:G3} %");

    /// <summary>Of the file itself, where the name is a link, as in the caches of Hugging Face.</summary>
    private static long Length(string path)
    {
        using FileStream file = File.OpenRead(path);
        return file.Length;
    }

    private static long WeightBytes(IReadOnlyList<TensorReport> tensors)
    {
        long bytes = 0;
        foreach (TensorReport tensor in tensors)
        {
            bytes += tensor.Shape.Rows * ElementTypes.RowBytes(tensor.SourceType, tensor.Shape.Cols);
        }

        return bytes;
    }
}
