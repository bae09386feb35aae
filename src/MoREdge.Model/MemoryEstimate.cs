using MoREdge.Model.Caches;
using MoREdge.Model.Layers;
using MoREdge.ModelFile;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>Whether a model can run in the memory there is.</summary>
public enum MemoryFit
{
    /// <summary>Everything stays in memory.</summary>
    Fits,

    /// <summary>
    /// The mapped weights do not all stay in memory: parts are read from the disk again for every token.
    /// </summary>
    WillPage,

    /// <summary>Not even caches and buffers fit.</summary>
    TooLarge,
}

/// <summary>
/// What running a model will take, computed from the header of its file alone: nothing is loaded or allocated. Tests
/// compare it with real sequences.
/// </summary>
public sealed class MemoryEstimate
{
    /// <summary>What the program itself takes beside weights, caches and workspace: code, runtime, tokenizer.</summary>
    public const long ProgramBytes = 32L << 20;

    private readonly GgufFile _file;
    private readonly ModelConfig _config;
    private readonly KvPolicy _policy;
    private readonly WeightTraffic _traffic;

    /// <summary>Computes the memory of one sequence.</summary>
    /// <param name="file">An open model file.</param>
    /// <param name="options">How it will be run.</param>
    /// <param name="threadCount">Worker threads.</param>
    /// <exception cref="ModelFileException">The file does not hold a model this version runs.</exception>
    /// <exception cref="ArgumentException">An option does not fit the model.</exception>
    public MemoryEstimate(GgufFile file, SequenceOptions options, int threadCount)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(options);
        _file = file;
        _config = ModelConfigReader.Read(file);
        SequencePlan plan = SequencePlan.Resolve(_config, DecoderModel.HasFloat32Projections(file, _config), options);
        _policy = plan.KvPolicy;
        _traffic = new WeightTraffic(file, _config);
        int slots = new LayerSchedule(_config, plan.KvPolicy).SlotCount;
        ContextLength = plan.ContextLength;
        DepthMax = _config.Skips?.RoutedCount ?? plan.DepthMax;
        KvFormat = plan.KvFormat;
        KvLayout layout = plan.KvLayout(_config);
        if (_config.Retention is null)
        {
            KvBytesPerToken = (long)slots * KvSlot.TokenBytes(layout, _config.KvHeadCount);
            KvBytes = KvCache.BytesFor(_config, plan, slots, plan.ContextLength, isTruncated: true);
            KvBytesPerLaterToken = KvBytesPerToken / slots * UnboundedSlots(plan, slots);
        }
        else
        {
            StateBytes = StateBytesOf(_config);
            StateHistoryBytes = RetentionCache.HistoryBytesFor(_config, slots, threadCount);
        }

        WorkspaceBytes = Workspace.BytesFor(_config, plan, threadCount)
            + RotaryTables.BytesFor(_config, plan.RotaryLength(_config))
            + RetentionAngles.BytesFor(_config, plan)
            + KvOverlay.BytesFor(layout, _config.KvHeadCount, plan.OverlayRowsMax);
    }

    /// <summary>Tokens the caches hold.</summary>
    public int ContextLength { get; }

    /// <summary>The stored form of keys and values.</summary>
    public KvFormat KvFormat { get; }

    /// <summary>Whether recursions could share their keys and values.</summary>
    public bool IsRecursive => _config.Recursion is not null;

    /// <summary>Most recursions of a token, or layers that it can skip.</summary>
    public int DepthMax { get; }

    /// <summary>Bytes of the mapped file.</summary>
    public long FileBytes => _file.FileBytes;

    /// <summary>Bytes of keys and values of a token that reaches every slot.</summary>
    public long KvBytesPerToken { get; }

    /// <summary>
    /// Bytes of keys and values that the text grows by per token once layers with a window keep no more than that.
    /// </summary>
    public long KvBytesPerLaterToken { get; }

    /// <summary>Bytes of keys and values when the context is full, in whole tiles of 8 tokens.</summary>
    public long KvBytes { get; }

    /// <summary>Bytes of the states of retention, whatever the length of the text; 0 where the model attends.</summary>
    public long StateBytes { get; }

    /// <summary>Bytes of what it takes to take tokens back from the states.</summary>
    public long StateHistoryBytes { get; }

    /// <summary>Bytes of activation buffers and rotary tables.</summary>
    public long WorkspaceBytes { get; }

    /// <summary>Bytes of everything together.</summary>
    public long TotalBytes => checked(
        FileBytes + KvBytes + StateBytes + StateHistoryBytes + WorkspaceBytes + ProgramBytes);

    /// <summary>Bytes of the states of one text; 0 where the model attends.</summary>
    public static long StateBytesOf(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.Retention is null
            ? 0
            : RetentionCache.LiveBytesFor(config, new LayerSchedule(config, KvPolicy.RecursionWise).SlotCount);
    }

    /// <summary>Compares with the memory there is.</summary>
    /// <param name="availableBytes">Bytes the program may take.</param>
    public MemoryFit Fit(long availableBytes) =>
        TotalBytes <= availableBytes ? MemoryFit.Fits
        : TotalBytes - FileBytes <= availableBytes ? MemoryFit.WillPage
        : MemoryFit.TooLarge;

    /// <summary>
    /// Weight bytes that one decoded token reads when it runs <paramref name="depth"/> recursions, or so many of the
    /// layers that it can skip.
    /// </summary>
    public double WeightBytesPerToken(double depth) => _traffic.BytesPerToken(depth, _policy);

    /// <summary>Slots that keep every token.</summary>
    private int UnboundedSlots(SequencePlan plan, int slots)
    {
        int count = 0;
        for (int i = 0; i < slots; i++)
        {
            count += SlotRoom.Of(_config, plan, i, plan.ContextLength, isTruncated: true).Window == 0 ? 1 : 0;
        }

        return count;
    }
}
