using System.CommandLine;
using System.Diagnostics;
using MoREdge.Checkpoints;
using MoREdge.ModelFile;
using MoREdge.Quantization;

namespace MoREdge.Cli;

/// <summary>moredge quantize: a checkpoint becomes a model file.</summary>
internal static class QuantizeVerb
{
    private static readonly Argument<string> Source = new Argument<string>("SOURCE")
    {
        Description = "A Hugging Face folder, a .safetensors or PyTorch .bin file with config.json beside it, a "
            + "llama2.c .bin file, or a GGUF file. The content decides, not the name.",
    }.NamesFile();

    private static readonly Option<string> Output = new Option<string>("--output", "-o")
    {
        Description = "The model file to write (.gguf). It appears complete or not at all; a symbolic link is "
            + "written through.",
        HelpName = "FILE",
        Required = true,
    }.NamesOutput();

    private static readonly Option<string> Format = CreateFormatOption();

    private static readonly Option<string?> TokenizerFile = new Option<string?>("--tokenizer")
    {
        Description = "tokenizer.json, tokenizer.model, a llama2.c tokenizer, or a folder that holds one. "
            + "Not for GGUF files, which bring theirs. [default: what lies beside the weights]",
        HelpName = "FILE",
    }.NamesFile();

    private static readonly Option<string?> MorConfig = new Option<string?>("--mor-config")
    {
        Description = "The Hydra YAML file of a Mixture-of-Recursions run, for Hugging Face folders and their "
            + "files. [default: the \"mor\" object of config.json]",
        HelpName = "YAML",
    }.NamesFile();

    private static readonly Option<string?> Name = new("--name")
    {
        Description = "The model's name, for people. [default: what the source says]",
        HelpName = "TEXT",
    };

    private static readonly Option<string?> License = new("--license")
    {
        Description = "The licence of the weights, an SPDX expression such as MIT. [default: what the source says]",
        HelpName = "SPDX",
    };

    private static readonly Option<string?> ReportText = new Option<string?>("--report-text")
    {
        Description = "A text that the model was not trained on, up to 64 KiB, - for standard input; 'generate "
            + "--budget' measures on it what speed costs. [default: report.txt beside the weights]",
        HelpName = "FILE",
    }.NamesFile();

    private static readonly Option<bool> Force = new("--force")
    {
        Description = "Replace the output file if it exists. [default: refuse]",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "Print the report as one JSON object." };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new(
            "quantize",
            "Turns a checkpoint into a model file, and reports what became of every tensor, with the "
            + "root-mean-square error of its weights relative to their own size.\n\n"
            + "f32 and f16 store plain floats (4 and 2 bytes per weight). q8 and q4 store packed matrices with a "
            + "scale per 32 weights (8.5 and 4.5 bits per weight); in q4 the embedding, the head, keys and values "
            + "stay 8-bit. Vectors and routers stay float32 always.\n\n"
            + "Examples:\n"
            + "  moredge quantize SmolLM2-135M -o smollm2.gguf --format q4\n"
            + "  moredge quantize stories260K.bin -o stories.gguf --format f32 --tokenizer tok512.bin\n"
            + "  moredge quantize mor-run/ -o mor.gguf --format q8 --mor-config mor-run/config.yaml");
        command.Arguments.Add(Source);
        command.Options.Add(Output);
        command.Options.Add(Format);
        command.Options.Add(TokenizerFile);
        command.Options.Add(MorConfig);
        command.Options.Add(Name);
        command.Options.Add(License);
        command.Options.Add(ReportText);
        command.Options.Add(Force);
        command.Options.Add(Json);
        command.SetAction(Run);
        return command;
    }

    private static Option<string> CreateFormatOption()
    {
        Option<string> option = new("--format")
        {
            Description = "The number format of the matrices.",
            DefaultValueFactory = _ => "q8",
        };
        option.AcceptOnlyFromAmong("f32", "f16", "q8", "q4");
        return option;
    }

    private static int Run(ParseResult result)
    {
        string source = result.GetRequiredValue(Source);
        string path = result.GetRequiredValue(Output);
        bool overwrite = result.GetValue(Force);
        string file = OutputCheck.Require(
            source, path, overwrite, result.GetValue(TokenizerFile), result.GetValue(MorConfig),
            result.GetValue(ReportText));
        ModelFormat format = result.GetRequiredValue(Format) switch
        {
            "f32" => ModelFormat.F32,
            "f16" => ModelFormat.F16,
            "q8" => ModelFormat.Q8,
            _ => ModelFormat.Q4,
        };
        CheckpointOptions options = new()
        {
            TokenizerPath = result.GetValue(TokenizerFile),
            MorConfigPath = result.GetValue(MorConfig),
        };

        string? reportText = result.GetValue(ReportText) is { } reportPath
            ? TextInput.Read(reportPath, Checkpoint.ReportTextBytesMax)
            : null;
        Stopwatch clock = Stopwatch.StartNew();
        using Interruption interruption = new();
        using Checkpoint checkpoint = Checkpoint.Open(source, options);
        foreach (string warning in checkpoint.Warnings)
        {
            Faults.Warn(warning);
        }

        checkpoint.Metadata.Set(MetadataKeys.Writer, GgufValue.FromString(WriterText()));
        SetIfGiven(checkpoint.Metadata, MetadataKeys.Name, result.GetValue(Name));
        SetIfGiven(checkpoint.Metadata, MetadataKeys.License, result.GetValue(License));
        SetIfGiven(checkpoint.Metadata, MetadataKeys.ReportText, reportText);
        QuantizeCheck.Require(checkpoint);
        IReadOnlyList<TensorReport> tensors;
        using (ProgressLine progress = new("Quantizing"))
        {
            tensors = ModelQuantizer.Write(
                checkpoint.Metadata, checkpoint.Tensors, file, format, overwrite,
                state => progress.Report(state.WeightsDone, state.WeightsTotal, PlainText.Clean(state.TensorName)),
                interruption.Token);
        }

        long fileBytes = new FileInfo(file).Length;
        QuantizeReport report = new(checkpoint, source, path, fileBytes, tensors, clock.Elapsed.TotalSeconds);
        if (result.GetValue(Json))
        {
            StandardOutput.WriteJson(report.WriteMembers);
        }
        else
        {
            StandardOutput.Write(report.ToText());
        }

        return ExitCode.Success;
    }

    private static void SetIfGiven(GgufMetadata metadata, string key, string? text)
    {
        if (text is not null)
        {
            metadata.Set(key, GgufValue.FromString(text));
        }
    }

    private static string WriterText()
    {
        Version? version = typeof(QuantizeVerb).Assembly.GetName().Version;
        return $"moredge {version?.ToString(3)}";
    }
}
