using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MoREdge.Checkpoints.HuggingFace;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace MoREdge.Checkpoints.Recursion;

/// <summary>Loads a YAML mapping as the JSON object it stands for, so that one set of getters reads both.</summary>
/// <remarks>
/// Only the event parser is used: no reflection, no tags, no aliases (which can make a small file enormous).
/// </remarks>
internal static class YamlFile
{
    /// <summary>The largest YAML file read, in bytes.</summary>
    public const int YamlBytesMax = 1 << 20;

    private const int DepthMax = 32;

    /// <summary>The mapping in <paramref name="path"/>.</summary>
    /// <exception cref="CheckpointException">Unreadable, HeaderTooLarge or YamlMalformed.</exception>
    public static JsonElement Load(string path)
    {
        using WeightFile file = WeightFile.Open(path);
        if (file.Length > YamlBytesMax)
        {
            throw new CheckpointException(
                CheckpointError.HeaderTooLarge, $"{file.Name} has {file.Length} bytes, more than {YamlBytesMax}.");
        }

        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        try
        {
            Parser parser = new(new StringReader(Encoding.UTF8.GetString(bytes)));
            parser.Consume<StreamStart>();
            parser.Consume<DocumentStart>();
            ArrayBufferWriter<byte> json = new();
            using (Utf8JsonWriter writer = new(json))
            {
                Copy(parser, writer, 0);
            }

            return JsonFile.Parse(json.WrittenSpan, file.Name);
        }
        catch (YamlException fault)
        {
            throw new CheckpointException(
                CheckpointError.YamlMalformed,
                $"{file.Name} is not the YAML of a run at line {fault.Start.Line}.", fault);
        }
        catch (InvalidOperationException fault)
        {
            // The scanner of YamlDotNet 16 throws this for some flow sequences that never end.
            throw new CheckpointException(CheckpointError.YamlMalformed, $"{file.Name} is not valid YAML.", fault);
        }
        catch (ArgumentException fault)
        {
            throw new CheckpointException(
                CheckpointError.YamlMalformed, $"{file.Name} holds text that is no Unicode.", fault);
        }
        catch (CheckpointException fault) when (fault.Error == CheckpointError.JsonMalformed)
        {
            throw new CheckpointException(
                CheckpointError.YamlMalformed, $"{file.Name} does not hold a YAML mapping.", fault);
        }
    }

    private static void Copy(Parser parser, Utf8JsonWriter writer, int depth)
    {
        if (depth > DepthMax)
        {
            throw new YamlException(parser.Current!.Start, parser.Current.End, "nested too deeply");
        }

        switch (parser.Current)
        {
            case Scalar:
                WriteScalar(parser.Consume<Scalar>(), writer);
                break;
            case SequenceStart:
                parser.Consume<SequenceStart>();
                writer.WriteStartArray();
                while (parser.Current is not SequenceEnd)
                {
                    Copy(parser, writer, depth + 1);
                }

                parser.Consume<SequenceEnd>();
                writer.WriteEndArray();
                break;
            default:
                // An alias ends here as well: it is no mapping, so consuming one reports the line.
                parser.Consume<MappingStart>();
                writer.WriteStartObject();
                while (parser.Current is not MappingEnd)
                {
                    writer.WritePropertyName(parser.Consume<Scalar>().Value);
                    Copy(parser, writer, depth + 1);
                }

                parser.Consume<MappingEnd>();
                writer.WriteEndObject();
                break;
        }
    }

    private static void WriteScalar(Scalar scalar, Utf8JsonWriter writer)
    {
        string text = scalar.Value;
        bool isPlain = scalar.Style == ScalarStyle.Plain;
        if (isPlain && text is ("" or "~" or "null" or "Null" or "NULL"))
        {
            writer.WriteNullValue();
        }
        else if (isPlain && text is ("true" or "True" or "TRUE" or "yes" or "Yes" or "on" or "On"))
        {
            writer.WriteBooleanValue(true);
        }
        else if (isPlain && text is ("false" or "False" or "FALSE" or "no" or "No" or "off" or "Off"))
        {
            writer.WriteBooleanValue(false);
        }
        else if (isPlain
            && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer))
        {
            writer.WriteNumberValue(integer);
        }
        else if (isPlain && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && double.IsFinite(number))
        {
            writer.WriteNumberValue(number);
        }
        else
        {
            writer.WriteStringValue(text);
        }
    }
}
