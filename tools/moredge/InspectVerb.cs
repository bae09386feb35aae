using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>moredge inspect: what a model file is, without running it.</summary>
internal static class InspectVerb
{
    private static readonly Argument<string> Source = new Argument<string>("FILE")
    {
        Description = $"Any GGUF file, also a vocabulary-only one, or {BuiltInModel.NamesHelp}.",
    }.NamesFile();

    private static readonly Option<bool> Tensors = new("--tensors")
    {
        Description = "List every tensor with shape, format, size and digest.",
    };

    private static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one JSON object; what the file does not say is absent. Sizes are in bytes.",
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new(
            "inspect",
            "Prints what a model file says about itself: architecture, recursion, number formats, sizes, "
            + "tokenizer, licence and digests. Reads the header only; 'moredge verify' checks the weights.\n\n"
            + "Examples:\n"
            + "  moredge inspect model.gguf\n"
            + "  moredge inspect model.gguf --tensors\n"
            + "  moredge inspect model.gguf --json");
        command.Arguments.Add(Source);
        command.Options.Add(Tensors);
        command.Options.Add(Json);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult result)
    {
        using GgufFile file = OpenedModel.OpenFile(result.GetRequiredValue(Source));
        List<FactSection> sections = ModelFacts.Collect(file);
        List<FormatShare> formats = FormatShare.Collect(file);
        bool listTensors = result.GetValue(Tensors);
        if (result.GetValue(Json))
        {
            StandardOutput.WriteJson(writer => WriteMembers(writer, file, sections, formats, listTensors));
        }
        else
        {
            StandardOutput.Write(ToText(file, sections, formats, listTensors));
        }

        return ExitCode.Success;
    }

    private static StringBuilder ToText(
        GgufFile file, List<FactSection> sections, List<FormatShare> formats, bool listTensors)
    {
        StringBuilder text = new();
        foreach (FactSection section in sections)
        {
            TextTable table = new(false, false);
            foreach (Fact fact in section.Facts)
            {
                table.Add(fact.Label, fact.Text);
            }

            text.AppendLine(section.Title);
            table.AppendTo(text, indent: 2);
        }

        if (formats.Count > 0)
        {
            TextTable table = new(false, true, true, true, true);
            table.Add("format", "tensors", "weights", "size", "share");
            foreach (FormatShare format in formats)
            {
                table.Add(
                    format.Name, Number(format.TensorCount), Number(format.WeightCount), ByteText.Format(format.Bytes),
                    string.Create(CultureInfo.InvariantCulture, $"{100 * format.ByteShare:F1} %"));
            }

            text.AppendLine("formats");
            table.AppendTo(text, indent: 2);
        }

        if (listTensors)
        {
            AppendTensors(text, file);
        }

        return text;
    }

    private static void AppendTensors(StringBuilder text, GgufFile file)
    {
        TextTable table = new(false, false, false, true, false);
        table.Add("name", "shape", "format", "bytes", "digest");
        foreach (GgufTensor tensor in file.Tensors)
        {
            table.Add(
                PlainText.Clean(tensor.Name), tensor.Shape.ToString(), FormatShare.NameOf(tensor),
                Number(tensor.ByteCount), tensor.Digest ?? "");
        }

        text.AppendLine("tensors");
        table.AppendTo(text, indent: 2);
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static void WriteMembers(
        Utf8JsonWriter writer, GgufFile file, List<FactSection> sections, List<FormatShare> formats, bool listTensors)
    {
        foreach (FactSection section in sections)
        {
            writer.WriteStartObject(section.Title);
            foreach (Fact fact in section.Facts)
            {
                fact.WriteMember(writer);
            }

            writer.WriteEndObject();
        }

        writer.WriteStartArray("formats");
        foreach (FormatShare format in formats)
        {
            writer.WriteStartObject();
            writer.WriteString("format", format.Name);
            writer.WriteNumber("tensors", format.TensorCount);
            writer.WriteNumber("weights", format.WeightCount);
            writer.WriteNumber("bytes", format.Bytes);
            writer.WriteNumber("share", Math.Round(format.ByteShare, 6));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (listTensors)
        {
            WriteTensors(writer, file);
        }
    }

    private static void WriteTensors(Utf8JsonWriter writer, GgufFile file)
    {
        writer.WriteStartArray("tensors");
        foreach (GgufTensor tensor in file.Tensors)
        {
            writer.WriteStartObject();
            writer.WriteString("name", tensor.Name);
            writer.WriteStartArray("shape");
            foreach (long dimension in tensor.Shape.Dimensions)
            {
                writer.WriteNumberValue(dimension);
            }

            writer.WriteEndArray();
            writer.WriteString("format", FormatShare.NameOf(tensor));
            writer.WriteNumber("bytes", tensor.ByteCount);
            writer.WriteNumber("offset", tensor.Offset);
            if (tensor.Digest is not null)
            {
                writer.WriteString("digest", tensor.Digest);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
