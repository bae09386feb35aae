using System.CommandLine;
using System.Text;
using System.Text.Json;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>moredge verify: compares every digest of a model file.</summary>
internal static class VerifyVerb
{
    private static readonly Argument<string> Source = new Argument<string>("FILE")
    {
        Description = $"The model file (.gguf), or {BuiltInModel.NamesHelp}.",
    }.NamesFile();

    private static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one JSON object: "
            + "{\"file\":...,\"intact\":true|false|null,\"tensors\":N,\"bytes\":N,\"damaged\":[names]}; null where "
            + "nothing can be verified.",
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new(
            "verify",
            "Compares the header and every tensor of a model file with the digests (XXH3-128) in it, and names "
            + "each tensor that is damaged. Exit code 0: intact. Exit code 1: damaged, or a file without digests, "
            + "because then nothing was verified. Digests find damage in storage and transport; they are no "
            + "signature.\n\n"
            + "Examples:\n"
            + "  moredge verify model.gguf\n"
            + "  moredge verify model.gguf --json");
        command.Arguments.Add(Source);
        command.Options.Add(Json);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult result)
    {
        string path = result.GetRequiredValue(Source);
        using Interruption interruption = new();
        using GgufFile file = OpenedModel.OpenFile(path);
        long total = 0;
        foreach (GgufTensor tensor in file.Tensors)
        {
            total += tensor.ByteCount;
        }

        bool hasDigests = file.HasHeaderDigest && file.HasDigests;
        List<string> damaged = hasDigests ? FindDamaged(file, total, interruption.Token) : [];
        bool? isIntact = hasDigests ? damaged.Count == 0 : null;
        if (result.GetValue(Json))
        {
            StandardOutput.WriteJson(writer => WriteMembers(writer, file, isIntact, total, damaged));
        }
        else if (isIntact == true)
        {
            StringBuilder text = new();
            text.AppendLine(
                $"{path}: intact, the header and {file.Tensors.Count} tensors "
                + $"({ByteText.Format(total)}) match their digests.");
            StandardOutput.Write(text);
        }

        return isIntact switch
        {
            true => ExitCode.Success,
            false => throw new FailureException(
                $"{path}: {damaged.Count} of {file.Tensors.Count} tensors do not match their digests; "
                + "the file is damaged: "
                + $"{string.Join(", ", damaged.ConvertAll(name => PlainText.Clean(name)))}."),
            null => throw new FailureException(
                $"{path}: there are no digests in this file, so nothing can be verified."),
        };
    }

    private static List<string> FindDamaged(GgufFile file, long total, CancellationToken cancellation)
    {
        List<string> damaged = [];
        using ProgressLine progress = new("Verifying");
        long done = 0;
        foreach (GgufTensor tensor in file.Tensors)
        {
            try
            {
                file.VerifyTensor(tensor, cancellation);
            }
            catch (ModelFileException fault) when (fault.Error == ModelFileError.TensorDigestMismatch)
            {
                damaged.Add(tensor.Name);
            }

            done += tensor.ByteCount;
            progress.Report(done, total, PlainText.Clean(tensor.Name));
        }

        return damaged;
    }

    private static void WriteMembers(
        Utf8JsonWriter writer, GgufFile file, bool? isIntact, long total, List<string> damaged)
    {
        writer.WriteString("file", file.Path);
        writer.WritePropertyName("intact");
        if (isIntact is { } known)
        {
            writer.WriteBooleanValue(known);
        }
        else
        {
            writer.WriteNullValue();
        }

        writer.WriteNumber("tensors", file.Tensors.Count);
        writer.WriteNumber("bytes", total);
        writer.WriteStartArray("damaged");
        foreach (string name in damaged)
        {
            writer.WriteStringValue(name);
        }

        writer.WriteEndArray();
    }
}
