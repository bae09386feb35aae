using System.CommandLine;
using System.Globalization;
using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Quantization;
using MoREdge.Tensors;

namespace MoREdge.Cli;

/// <summary>moredge bench: how fast a model runs here, and how close that is to what the memory allows.</summary>
internal sealed class BenchVerb
{
    /// <summary>Leaves memory to the model itself and to other programs.</summary>
    private const int ProbeMemoryDivisor = 4;

    private readonly Option<string?> _model = ModelOptions.CreateModelOption(isRequired: false);

    private readonly Option<string?> _synthetic = new("--synthetic")
    {
        Description = "Measure a model of this shape with random weights: no download. It is written to the temporary "
            + "folder "
            + "(TMPDIR) and deleted again.",
        HelpName = string.Join('|', SyntheticShape.Names()),
    };

    private readonly Option<string?> _format = new("--format")
    {
        Description = "Format of a synthetic model. [default: q8]",
    };

    private readonly Option<string?> _head = new("--head")
    {
        Description = "Format of the embedding and output head of a packed synthetic model. [default: q8, as quantize "
            + "does]",
    };

    private readonly Option<int> _prompt = Count("--prompt", "-p", "Tokens of the prompt.", 512);
    private readonly Option<int> _decode = Count("--decode", "-n", "Tokens decoded behind the prompt.", 128);
    private readonly Option<int> _repetitions = Count("--repetitions", "-r", "How often everything is measured.", 5);

    private readonly Option<string?> _threads = new("--threads")
    {
        Description = $"Threads, or several counts such as 1,2. [default: {ModelOptions.ThreadsDefault}]",
        HelpName = "N[,N...]",
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print every figure and every repetition as JSON.",
    };

    private readonly ModelOptions _options;

    private BenchVerb(Command command)
    {
        _format.AcceptOnlyFromAmong("q8", "q4", "f16", "f32");
        _head.AcceptOnlyFromAmong("q8", "q4");
        command.Options.Add(_model);
        command.Options.Add(_synthetic);
        command.Options.Add(_format);
        command.Options.Add(_head);
        command.Options.Add(_prompt);
        command.Options.Add(_decode);
        command.Options.Add(_repetitions);
        command.Options.Add(_threads);
        command.Options.Add(_json);
        _options = new ModelOptions(command, withThreads: false);
    }

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new(
            "bench",
            "Measure prefill and decode speed (tokens per second), and the share of the read bandwidth that decoding "
                + "uses.\n\n"
            + "After a warm-up each repetition runs the prompt, decodes, and measures the machine's read bandwidth "
            + "with the "
            + "same threads on a buffer of the model's size; medians are given, with the extremes in parentheses. A "
            + "decoded "
            + "token reads every weight it uses and the keys and values before it once: these bytes per second, "
            + "divided by "
            + "the bandwidth, are the share. Models with recursion run at full depth unless --routing says otherwise, "
            + "and "
            + "the decode is measured at every depth cap too.\n\n"
            + "Examples:\n"
            + "  moredge bench -m model.gguf\n"
            + "  moredge bench --synthetic smollm2-360m --format q4 --threads 1,2 -p 128 -n 64\n"
            + "  moredge bench --synthetic mor-360m-n3 --json");
        BenchVerb verb = new(command);
        command.SetAction(verb.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        string? path = result.GetValue(_model);
        string? synthetic = result.GetValue(_synthetic);
        if (path is null == synthetic is null)
        {
            throw new UsageException("Give either a model file with -m or a shape with --synthetic.");
        }

        bool hasFormat = result.GetValue(_format) is not null || result.GetValue(_head) is not null;
        if (synthetic is null && hasFormat)
        {
            throw new UsageException("--format and --head are for --synthetic; a model file has its own formats.");
        }

        int[] threads = ParseThreads(result.GetValue(_threads));
        BenchPlan plan = new(
            AtLeastOne(result, _prompt), AtLeastOne(result, _decode), AtLeastOne(result, _repetitions));
        using Interruption interruption = new();
        if (path is not null)
        {
            using GgufFile file = OpenedModel.OpenVerified(path, interruption.Token);
            return Measure(result, file, Path.GetFileName(path), plan, threads, interruption.Token);
        }

        ModelFormat format = Format(result.GetValue(_format));
        using SyntheticModel model = SyntheticModel.Create(
            SyntheticShape.Find(synthetic!), format, Head(result.GetValue(_head), format), interruption.Token);
        string name = $"synthetic {synthetic} {result.GetValue(_format) ?? "q8"}";
        return Measure(result, model.File, name, plan, threads, interruption.Token);
    }

    private int Measure(
        ParseResult result, GgufFile file, string name, BenchPlan plan, int[] threads, CancellationToken cancellation)
    {
        ModelConfig config = ModelConfigReader.Read(file);
        SequenceOptions options = Options(result, config, plan);
        bool withDepths = config.Recursion is not null && options.DepthMax is null;
        long available = Machine.MemoryAvailableBytes;
        long probeBytes = available > 0 ? Math.Min(file.FileBytes, available / ProbeMemoryDivisor) : file.FileBytes;
        using BandwidthProbe probe = new(ModelOptions.Kernels(), probeBytes);
        List<BenchResult> results = [];
        using (ProgressLine progress = new("Measuring"))
        {
            int steps = threads.Length * plan.Repetitions * (2 + (withDepths ? config.RecursionCount : 0));
            int done = 0;
            BenchRun run = new(plan, probe, () => progress.Report(++done, steps), cancellation);
            foreach (int count in threads)
            {
                results.Add(run.Run(file, options, count, withDepths));
            }
        }

        BenchReport report = new(name, file.FileBytes, probe.ByteCount, plan, results);
        if (result.GetValue(_json))
        {
            report.WriteJson();
        }
        else
        {
            report.WriteTable();
        }

        return ExitCode.Success;
    }

    private SequenceOptions Options(ParseResult result, ModelConfig config, BenchPlan plan)
    {
        SequenceOptions asked = _options.Sequence(result, plan.PromptTokens + plan.DecodeTokens);
        bool isRouted = config.Recursion is { DepthRule: not DepthRule.Fixed };
        return new SequenceOptions
        {
            ContextLength = asked.ContextLength,
            KvFormat = asked.KvFormat,
            KvPolicy = asked.KvPolicy,
            Routing = asked.Routing ?? (isRouted ? RoutingMode.Full : null),
            DepthMax = asked.DepthMax,
            HybridPositionZero = asked.HybridPositionZero,
        };
    }

    private static ModelFormat Format(string? name) => name switch
    {
        "q4" => ModelFormat.Q4,
        "f16" => ModelFormat.F16,
        "f32" => ModelFormat.F32,
        _ => ModelFormat.Q8,
    };

    private static QuantFormat? Head(string? name, ModelFormat format)
    {
        if (name is not null && format is ModelFormat.F16 or ModelFormat.F32)
        {
            throw new UsageException("--head is for the packed formats, q8 and q4.");
        }

        return name switch
        {
            "q4" => QuantFormat.Q4G32,
            "q8" => QuantFormat.Q8G32,
            _ => null,
        };
    }

    private static int[] ParseThreads(string? text)
    {
        if (text is null)
        {
            return [ModelOptions.ThreadsDefault];
        }

        return Array.ConvertAll(
            text.Split(','),
            part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
                ? ModelOptions.CheckThreads(count)
                : throw new UsageException($"--threads: '{part}' is not a thread count."));
    }

    private static int AtLeastOne(ParseResult result, Option<int> option)
    {
        int value = result.GetValue(option);
        return value is >= 1 and <= 1_000_000
            ? value
            : throw new UsageException($"{option.Name} must lie between 1 and 1000000.");
    }

    private static Option<int> Count(string name, string alias, string description, int fallback) => new(name, alias)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => fallback,
    };
}
