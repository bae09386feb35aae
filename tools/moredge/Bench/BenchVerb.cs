using System.CommandLine;
using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>moredge bench: how fast a model runs here, and how close that is to what the memory allows.</summary>
internal sealed class BenchVerb
{
    /// <summary>Leaves memory to the model itself and to other programs.</summary>
    private const int ProbeMemoryDivisor = 4;

    /// <summary>More sequences than that wait for each other's arithmetic, not for the weights.</summary>
    private const int SequencesMax = 256;

    /// <summary>Drafts as the model makes them.</summary>
    private const string OwnDrafts = "own";

    /// <summary>Far beyond any context; keeps sums of two in range.</summary>
    private const int TokensMax = 1_000_000;

    private readonly Option<string?> _model = ModelOptions.CreateModelOption(isRequired: false);

    private readonly Option<string?> _synthetic = new("--synthetic")
    {
        Description = "Measure a model of this shape with random weights: no download. It is written to the temporary "
            + "folder (TMPDIR) and deleted again.",
        HelpName = string.Join('|', SyntheticShape.Names()),
    };

    private readonly Option<string?> _format = new("--format")
    {
        Description = "Format of a synthetic model; q8_0 and q4_0 are GGUF's own, which llama.cpp reads too. "
            + "[default: q8]",
    };

    private readonly Option<bool> _pure = new("--pure")
    {
        Description = "Every matrix of a synthetic model in that format: the embedding, the head, keys and values too, "
            + "which quantize keeps in int8 when it writes q4. q8_0 and q4_0 always are.",
    };

    private readonly Option<string?> _keep = new Option<string?>("--keep")
    {
        Description = "Keep the synthetic model in this file.",
        HelpName = "FILE",
    }.NamesOutput();

    private readonly Option<string?> _depths = new("--depths")
    {
        Description = "Routers of a synthetic Mixture-of-Recursions model: the shares of the tokens that end at depth "
            + "1,2,..., such as 0.35,0.35,0.3; random routers mean nothing. [default: full depth] Of "
            + "Mixture-of-Depths: the share of the tokens that run a routed layer. [default: 0.125]",
        HelpName = "S[,S...]",
    };

    private readonly Option<string?> _sequences = new("--sequences")
    {
        Description = "Measure so many sequences side by side instead, or several numbers such as 1,2,4,8: a row for "
            + "each, compared with the first. Each has a prompt of -p and an answer of -n tokens.",
        HelpName = "N[,N...]",
    };

    private readonly Option<string?> _speculate = new("--speculate")
    {
        Description = $"Measure decoding with drafts beside decoding without instead: '{OwnDrafts}' for the model's "
            + "own drafts, on text that it writes itself behind the report text of its file, or the shares of the "
            + "drafts that are made right, such as 0.5,0.9, for random weights; always and automatically (auto). "
            + $"0.9{DraftRates.Separator}0.7: of the drafts behind drafts, too, which take a draft head, and "
            + $"0.9{DraftRates.Separator}0.8{DraftRates.Separator}0.6 the share of those that are made at all.",
        HelpName = $"{OwnDrafts}|S[{DraftRates.Separator}S[{DraftRates.Separator}S]][,...]",
    };

    private readonly Option<int> _prompt = Count("--prompt", "-p", "Tokens of the prompt.", 512);
    private readonly Option<int> _decode = Count("--decode", "-n", "Tokens decoded behind each context.", 128);
    private readonly Option<int> _repetitions = Count("--repetitions", "-r", "How often everything is measured.", 5);

    private readonly Option<string?> _filled = new("--filled")
    {
        Description = "Tokens in the context before the decoded ones, or several such as 0,512,2048: a row for each, "
            + "compared with the first. [default: 0]",
        HelpName = "N[,N...]",
    };

    private readonly Option<string?> _threads = new("--threads")
    {
        Description = "Threads, or several counts such as 1,2: rows for each, compared with the first. "
            + $"[default: {ModelOptions.ThreadsDefault}]",
        HelpName = "N[,N...]",
    };

    private readonly Option<string?> _kv = new("--kv")
    {
        Description = "Keys and values that recursions keep: recursion = each its own, shared = those of the first, "
            + "hybrid = shared with fresh rows for the tokens that run, latest = those of the last recursion (looped "
            + "models); or several such as recursion,shared: rows for each, compared with the first. [default: as "
            + "trained]",
        HelpName = "P[,P...]",
    };

    private readonly Option<bool> _noProbe = new("--no-probe")
    {
        Description = "Leave out the read bandwidth, whose buffer is as large as the model, where memory is short.",
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print every figure and every repetition as JSON.",
    };

    private readonly ModelOptions _options;

    private BenchVerb(Command command)
    {
        _format.AcceptOnlyFromAmong(SyntheticFormat.Names);
        command.Options.Add(_model);
        command.Options.Add(_synthetic);
        command.Options.Add(_format);
        command.Options.Add(_pure);
        command.Options.Add(_keep);
        command.Options.Add(_depths);
        command.Options.Add(_sequences);
        command.Options.Add(_speculate);
        command.Options.Add(_prompt);
        command.Options.Add(_decode);
        command.Options.Add(_filled);
        command.Options.Add(_repetitions);
        command.Options.Add(_threads);
        command.Options.Add(_kv);
        command.Options.Add(_noProbe);
        command.Options.Add(_json);
        _options = new ModelOptions(command, withLists: false, contextDefault: "what is measured");
    }

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new(
            "bench",
            "Measure prefill and decode speed (tokens per second), and the share of the read bandwidth that decoding "
            + "uses.\n\n"
            + "After a warm-up every repetition measures every row once: the prompt with each thread count, then the "
            + "decode behind each context, each followed by the machine's read bandwidth with the same threads on a "
            + "buffer of the model's size. Medians are given, with the extremes in parentheses; ratios are taken "
            + "within a repetition. A decoded token reads every weight it uses and the keys and values before it "
            + "once: these bytes per second, divided by the bandwidth, are the share. GOP/s count the projections, two "
            + "operations per multiply-add. Models with recursion run at full depth unless --routing says otherwise, "
            + "and everything is measured at every depth cap. The last table then fits the time of a token as fixed + "
            + "depth x block and says what part of the deepest token's time, and of its work, the recursions are: when "
            + "the two agree, a recursion less saves what it should. The routers are timed by themselves.\n\n"
            + "With --sequences, all sequences are submitted at once to one batch, and each pass over the weights "
            + "serves them all. 'All included' counts the generated tokens from the first submission to the last one: "
            + "prompts, samplers and scheduling; 'all decoding' those between the last prompt's end and the first "
            + "answer's.\n\n"
            + "With --speculate, texts are decoded as 'moredge generate' decodes them, one token after another; with "
            + "--sequences too, in a batch, in which texts draft while there are four or fewer.\n\n"
            + "Examples:\n"
            + "  moredge bench -m model.gguf\n"
            + "  moredge bench --synthetic smollm2-360m --format q4 --pure --threads 1,2 --filled 0,2048\n"
            + "  moredge bench --synthetic smollm2-135m --format q4_0 --keep 135m-q4_0.gguf -p 1 -n 1 -r 1\n"
            + "  moredge bench --synthetic mor-360m-n3 --json\n"
            + "  moredge bench --synthetic mor-360m-n3 --kv recursion,shared --filled 512,2048 --max-depth 3\n"
            + "  moredge bench --synthetic mor-360m-n3 --depths 0.35,0.35,0.3 --sequences 1,2,4,8,16,32 -p 64 -n 64\n"
            + "  moredge bench --synthetic mor-360m-n3 --depths 0.35,0.35,0.3 --speculate 0,0.5,0.8,1 -p 64 -n 64\n"
            + "  moredge bench --synthetic mor-360m-n3 --depths 0.35,0.35,0.3 --speculate 0.9 --sequences 1,2 -n 256\n"
            + "  moredge bench -m mor-stories --speculate own");
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

        if (synthetic is null)
        {
            RefuseSyntheticOptions(result);
        }

        BenchPlan plan = Plan(result);
        using Interruption interruption = new();
        if (path is not null)
        {
            using GgufFile file = OpenedModel.OpenVerified(path, interruption.Token);
            return Measure(result, file, Path.GetFileName(path), plan, interruption.Token);
        }

        SyntheticFormat format = new(result.GetValue(_format) ?? SyntheticFormat.Names[0], result.GetValue(_pure));
        SyntheticShape shape = SyntheticShape.Find(synthetic!);
        shape = shape with { DraftSize = plan.HasSecondDrafts && shape.RecursionCount > 1 ? shape.ModelDim : 0 };
        SyntheticDepths? depths = SyntheticDepths.Parse(result.GetValue(_depths), shape);
        using SyntheticModel model = SyntheticModel.Create(
            shape, format, depths, result.GetValue(_keep), interruption.Token);
        return Measure(result, model.File, $"synthetic {shape.Name} {format.Name}", plan, interruption.Token);
    }

    private void RefuseSyntheticOptions(ParseResult result)
    {
        if (result.GetValue(_format) is not null || result.GetValue(_pure) || result.GetValue(_keep) is not null
            || result.GetValue(_depths) is not null)
        {
            throw new UsageException(
                "--format, --pure, --depths and --keep are for --synthetic; a model file has its own formats.");
        }
    }

    private BenchPlan Plan(ParseResult result)
    {
        bool hasSequences = result.GetValue(_sequences) is not null;
        if (hasSequences && result.GetValue(_filled) is not null)
        {
            throw new UsageException("--filled is for one sequence; with --sequences the prompts fill the contexts.");
        }

        bool isList = result.GetValue(_filled) is not null
            || (!hasSequences && result.GetValue(_kv)?.Contains(',', StringComparison.Ordinal) == true);
        bool hasDrafts = result.GetValue(_speculate) is not null;
        if (hasDrafts && isList)
        {
            throw new UsageException(
                "--speculate is for texts behind a prompt (-p), and without --sequences for one --kv.");
        }

        BenchPlan plan = new(
            AtLeastOne(result, _prompt),
            AtLeastOne(result, _decode),
            ListOptions.Counts(result, _filled, 0, 0, TokensMax),
            ListOptions.Counts(result, _threads, ModelOptions.ThreadsDefault, 1, DecoderModel.ThreadsMax),
            ListOptions.KvPolicies(result, _kv),
            AtLeastOne(result, _repetitions),
            hasSequences ? ListOptions.Counts(result, _sequences, 1, 1, SequencesMax) : [],
            hasDrafts ? DraftMode.All(ListOptions.Rates(result, _speculate, OwnDrafts)) : [DraftMode.Off]);

        // A batch would end its texts where the context is full, and count fewer tokens than were asked for.
        return _options.ContextLength(result) is { } context && context < plan.TextTokensMax
            ? throw new UsageException(
                $"--context {context} does not hold the {plan.TextTokensMax} tokens that are measured.")
            : plan;
    }

    private int MeasureBatches(
        ParseResult result, GgufFile file, string name, BenchPlan plan, CancellationToken cancellation)
    {
        ModelConfig config = ModelConfigReader.Read(file);
        BatchMeasurement measurement = new(plan, cancellation);
        using (BenchProgress progress = new())
        {
            measurement.Run(file, (tokens, policy) => Options(result, config, tokens, policy), progress);
        }

        BatchReport report = new(name, file.FileBytes, plan, measurement.Results);
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

    private int MeasureDrafts(
        ParseResult result, GgufFile file, string name, BenchPlan plan, CancellationToken cancellation)
    {
        ModelConfig config = ModelConfigReader.Read(file);
        DraftMeasurement measurement = new(plan, cancellation);
        using (BenchProgress progress = new())
        {
            measurement.Run(file, tokens => Options(result, config, tokens, plan.KvPolicies[0]), progress);
        }

        DraftReport report = new(name, file.FileBytes, plan, measurement.Results);
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

    private int Measure(
        ParseResult result, GgufFile file, string name, BenchPlan plan, CancellationToken cancellation)
    {
        if (plan.HasSecondDrafts && ModelConfigReader.Read(file).Recursion is not { DraftSize: > 0 })
        {
            throw new UsageException(
                $"{_speculate.Name}: this model has no draft head, so give one share of right drafts, not several with "
                + $"'{DraftRates.Separator}' between.");
        }

        if (plan.Sequences.Length > 0)
        {
            return MeasureBatches(result, file, name, plan, cancellation);
        }

        if (result.GetValue(_speculate) is not null)
        {
            return MeasureDrafts(result, file, name, plan, cancellation);
        }

        ModelConfig config = ModelConfigReader.Read(file);
        bool hasDepths = config.Recursion is not null && Options(result, config, 1, null).DepthMax is null;
        int?[] depthCaps = [null];
        if (hasDepths)
        {
            depthCaps = new int?[config.RecursionCount];
            for (int i = 0; i < depthCaps.Length; i++)
            {
                depthCaps[i] = config.RecursionCount - i;
            }
        }

        long probeBytes = Math.Min(file.FileBytes, (Machine.AvailableBytes ?? long.MaxValue) / ProbeMemoryDivisor);
        using BenchProgress progress = new();
        progress.WarmUp(1);
        using BandwidthProbe? probe = result.GetValue(_noProbe)
            ? null
            : new BandwidthProbe(ModelOptions.Kernels(), probeBytes);
        BenchRun run = new(plan, probe, cancellation);
        run.Run(file, (tokens, policy) => Options(result, config, tokens, policy), depthCaps, progress);
        progress.Dispose();

        BenchReport report = new(name, file.FileBytes, probe?.ByteCount, plan, run);
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

    private SequenceOptions Options(ParseResult result, ModelConfig config, int tokens, KvPolicy? policy)
    {
        SequenceOptions asked = _options.Sequence(result, tokens);
        bool isRouted = config.Recursion is { DepthRule: not DepthRule.Fixed };

        // What a draft is worth depends on how deep tokens go, so there routers decide unless told otherwise.
        bool isFull = isRouted && result.GetValue(_depths) is null && result.GetValue(_speculate) is null;
        return asked with { KvPolicy = policy, Routing = asked.Routing ?? (isFull ? RoutingMode.Full : null) };
    }

    private static int AtLeastOne(ParseResult result, Option<int> option)
    {
        int value = result.GetValue(option);
        return value is >= 1 and <= TokensMax
            ? value
            : throw new UsageException($"{option.Name} must lie between 1 and {TokensMax}.");
    }

    private static Option<int> Count(string name, string alias, string description, int fallback) => new(name, alias)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => fallback,
    };
}
