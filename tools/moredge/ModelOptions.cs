using System.CommandLine;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.Tensors;

namespace MoREdge.Cli;

/// <summary>The options that every verb which runs a model shares. What is not given follows the model file.</summary>
internal sealed class ModelOptions
{
    /// <summary>
    /// More threads than this only help machines with more memory channels than a single-board computer has.
    /// </summary>
    private const int ThreadsDefaultMax = 16;

    /// <summary>
    /// Context of a text when none is asked for: models trained on 128k tokens would take gigabytes of keys and values.
    /// </summary>
    public const int ContextDefaultMax = 4096;

    /// <summary>The names of the KV policies, in their order.</summary>
    public static readonly string[] KvNames = ["recursion", "shared", "hybrid", "latest"];

    private readonly Option<string?> _routing = Choice(
        "--routing",
        "Which tokens a recursion runs (Mixture-of-Recursions models): threshold is causal, topk selects as in "
        + "training, topk-threshold does the latter for prompts and the former for decoded tokens, full runs all. "
        + "[default: as the file says]",
        "topk", "threshold", "topk-threshold", "full");

    private readonly Option<string?> _kv = Choice(
        "--kv",
        "Keys and values that recursions keep: recursion = each its own, shared = those of the first (least memory), "
        + "hybrid = shared with fresh rows for the tokens that run, latest = those of the last recursion (looped "
        + "models). [default: as trained]",
        "recursion", "shared", "hybrid", "latest");

    private readonly Option<bool> _hybridPositionZero = new("--hybrid-position-zero")
    {
        Description = "With --kv hybrid: a decoded token's fresh row replaces position 0, as in the published "
            + "reference implementation, and not its own row. For comparisons with that implementation only.",
    };

    private readonly Option<ulong?> _stateSeed = new("--state-seed")
    {
        Description = "Models whose loop has a state of its own (Huginn): draw the state that it begins with from this "
            + "seed. [default: zero]",
        HelpName = "SEED",
    };

    private readonly Option<int?> _maxDepth = Count(
        "--max-depth", "R",
        "Most recursions a token may run, 1 to the model's own count. [default: the model's count]");

    private readonly Option<int?> _context;

    private readonly Option<string?> _kvFormat = Choice(
        "--kv-format",
        "Stored form of keys and values: q8 takes, and reads, about half the bytes of f16 and rounds them to 8 bits. "
        + "[default: f32 for float32 models, else f16]",
        "f32", "f16", "q8");

    private readonly Option<int?> _threads = Count(
        "--threads", "N", $"Threads to compute with. [default: the processors of this machine, here {ThreadsDefault}]");

    /// <summary>Adds the options to <paramref name="command"/>.</summary>
    /// <param name="command">The verb.</param>
    /// <param name="withLists">False when the verb has a --threads and a --kv of its own, which take lists.</param>
    /// <param name="contextDefault">The context when none is asked for, in words; null for that of a text.</param>
    public ModelOptions(Command command, bool withLists = true, string? contextDefault = null)
    {
        contextDefault ??= $"the trained context, at most {ContextDefaultMax}";
        _context = Count(
            "--context", "TOKENS", $"Room for prompt and answer together, in tokens. [default: {contextDefault}]");
        command.Options.Add(_routing);
        if (withLists)
        {
            command.Options.Add(_kv);
        }

        command.Options.Add(_hybridPositionZero);
        command.Options.Add(_stateSeed);
        command.Options.Add(_maxDepth);
        command.Options.Add(_context);
        command.Options.Add(_kvFormat);
        if (withLists)
        {
            command.Options.Add(_threads);
        }
    }

    /// <summary>Threads when none are asked for.</summary>
    public static int ThreadsDefault => Math.Min(Environment.ProcessorCount, ThreadsDefaultMax);

    /// <summary>The option -m, --model.</summary>
    public static Option<string?> CreateModelOption(bool isRequired) => new Option<string?>("--model", "-m")
    {
        Description = $"The model file (.gguf), or {BuiltInModel.NamesHelp}.",
        HelpName = "FILE",
        Required = isRequired,
    }.NamesFile();

    /// <summary>The kernel set that MOREDGE_KERNELS names, or the best one.</summary>
    /// <exception cref="KernelSelectionException">The variable names no set of this machine.</exception>
    public static KernelSet Kernels() => KernelSelector.SelectFromEnvironment();

    /// <summary>Checks a thread count.</summary>
    /// <exception cref="UsageException">Out of range.</exception>
    public static int CheckThreads(int threads) => threads is >= 1 and <= DecoderModel.ThreadsMax
        ? threads
        : throw new UsageException($"--threads must lie between 1 and {DecoderModel.ThreadsMax}.");

    /// <summary>The thread count asked for, or <see cref="ThreadsDefault"/>.</summary>
    public int Threads(ParseResult result) => CheckThreads(result.GetValue(_threads) ?? ThreadsDefault);

    /// <summary>The KV policy of a name; null for any other word.</summary>
    public static KvPolicy? KvPolicyOf(string name) =>
        Array.IndexOf(KvNames, name) is var index and >= 0 ? (KvPolicy)index : null;

    /// <summary>The context asked for, if any.</summary>
    public int? ContextLength(ParseResult result) => result.GetValue(_context);

    /// <summary>True when any option of <see cref="Sequence"/> is given.</summary>
    public bool HasSequenceOptions(ParseResult result) =>
        result.GetValue(_routing) is not null || result.GetValue(_kv) is not null
        || result.GetValue(_maxDepth) is not null || result.GetValue(_context) is not null
        || result.GetValue(_kvFormat) is not null || result.GetValue(_hybridPositionZero)
        || result.GetValue(_stateSeed) is not null;

    /// <summary>The options of a sequence. Whether they fit the model is checked when the sequence is made.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="contextDefault">The context when --context is not given; null for the trained context.</param>
    public SequenceOptions Sequence(ParseResult result, int? contextDefault = null) => new()
    {
        ContextLength = result.GetValue(_context) ?? contextDefault,
        KvFormat = result.GetValue(_kvFormat) switch
        {
            "f32" => KvFormat.F32,
            "f16" => KvFormat.F16,
            "q8" => KvFormat.Q8,
            _ => null,
        },
        KvPolicy = result.GetValue(_kv) is { } kv ? KvPolicyOf(kv) : null,
        Routing = result.GetValue(_routing) switch
        {
            "topk" => RoutingMode.TopK,
            "threshold" => RoutingMode.Threshold,
            "topk-threshold" => RoutingMode.TopKThreshold,
            "full" => RoutingMode.Full,
            _ => null,
        },
        DepthMax = result.GetValue(_maxDepth),
        StateSeed = result.GetValue(_stateSeed),
        HybridPositionZero = result.GetValue(_hybridPositionZero),
    };

    private static Option<string?> Choice(string name, string description, params string[] values)
    {
        Option<string?> option = new(name) { Description = description };
        option.AcceptOnlyFromAmong(values);
        return option;
    }

    private static Option<int?> Count(string name, string unit, string description) =>
        new(name) { Description = description, HelpName = unit };
}
