using System.Diagnostics;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>
/// Every activation buffer, sized from the configuration and taken once. Wide buffers hold RowsMax rows (layers work on
/// that many at a time); the residual stream holds every row under way: of one sequence a whole chunk, because top-k
/// routing compares all its tokens; of a batch the rows of all its flights.
/// </summary>
internal sealed class Workspace : IDisposable
{
    /// <summary>
    /// Rows a layer handles at a time: enough to reuse each weight many times, small enough to stay in the L2 cache.
    /// </summary>
    public const int RowsMax = 64;

    /// <summary>
    /// Queries that share each key and value: enough to convert them once for many, few enough that their scores stay
    /// in the second-level cache.
    /// </summary>
    private const int ScoreQueriesMax = 24;

    /// <summary>
    /// Scores of a worker: ScoreQueriesMax rows of the context up to this size (256 KB), fewer rows beyond it, down to
    /// one.
    /// </summary>
    private const int ScoreFloatsMax = 1 << 16;

    private readonly AlignedBuffer[] _buffers;
    private readonly FloatMatrix _scores;
    private readonly int _workerScores;
    private readonly QuantizedRows _quantizedQueries;
    private readonly FloatMatrix _gate;
    private readonly FloatMatrix _up;
    private int _bufferCount;

    public Workspace(ModelConfig config, SequencePlan plan, int workerCount)
    {
        int rows = plan.RowsMax(config);
        int scores = ScoresMax(config, plan);
        ScoreQueries = ScoreQueriesFor(scores);
        int layerRows = Math.Min(RowsMax, rows);
        _buffers = new AlignedBuffer[24];
        Residual = Take(rows, config.ModelDim);
        Gathered = Take(GatheredRows(config, plan), config.ModelDim);
        State = Take(StateRows(config, plan), config.ModelDim);
        Skipping = Take(SkippingRows(config, plan), config.ModelDim);
        Attended = Take(SkippingRows(config, plan), config.ModelDim);
        Pairs = Take(PairRows(config, plan), 2 * config.ModelDim);
        Normed = Take(layerRows, config.ModelDim);
        int gap = RowGap(config);
        Query = Take(layerRows, config.QueryDim, gap);
        Key = Take(layerRows, config.KvDim, gap);
        Value = Take(layerRows, config.KvValueDim, gap);
        Mixed = Take(layerRows, config.MixedDim, gap);
        Projected = Take(layerRows, config.ModelDim);
        _gate = Take(1, HiddenFloats(config, layerRows));
        _up = Take(1, HiddenFloats(config, layerRows));
        ExpertLogits = Take(layerRows, config.Experts?.ChoiceCount ?? 0);
        ExpertSlots = Take(layerRows * (config.Experts?.UsedCount ?? 0), config.ModelDim);
        RouterHidden = Take(1, 2 * config.ModelDim);
        _scores = Take(1, checked(workerCount * ScoreQueries * ScoreStride(scores)));
        _workerScores = _scores.Cols / workerCount;
        Logits = Take(plan.LogitRows(config), config.VocabSize);
        QuantizedBuffer = Track(new AlignedBuffer(QuantizedBytes(config, layerRows)));
        int quantizedQueries = plan.KvFormat == KvFormat.Q8 ? workerCount * ScoreQueries : 0;
        AlignedBuffer queryBuffer = Track(
            new AlignedBuffer(QuantizedRows.ByteCount(quantizedQueries, config.HeadDim)));
        _quantizedQueries = QuantizedRows.Over(queryBuffer, quantizedQueries, config.HeadDim);
        Debug.Assert(ByteCount == BytesFor(config, plan, workerCount), "The estimate left a buffer out.");
    }

    /// <summary>Rows of logits computed together when every position's logits are asked for.</summary>
    public const int LogitRows = 8;

    /// <summary>Most queries that attend together; each worker has room for the scores of so many.</summary>
    public int ScoreQueries { get; }

    /// <summary>The residual stream (rows under way, ModelDim).</summary>
    public FloatMatrix Residual { get; }

    /// <summary>Rows of the residual stream that a pass works on (rows under way, ModelDim).</summary>
    public FloatMatrix Gathered { get; }

    /// <summary>
    /// Each token's state between recursions, where it is not the residual stream (rows under way, ModelDim).
    /// </summary>
    public FloatMatrix State { get; }

    /// <summary>Rows that run a layer which others skip (rows under way, ModelDim).</summary>
    public FloatMatrix Skipping { get; }

    /// <summary>The same behind attention (rows under way, ModelDim).</summary>
    public FloatMatrix Attended { get; }

    /// <summary>
    /// Two rows side by side: state and input where an adapter joins them (rows under way, 2·ModelDim); a row and an
    /// embedding where a draft head does (texts that draft, 2·ModelDim).
    /// </summary>
    public FloatMatrix Pairs { get; }

    /// <summary>Normed input of a projection (rows, ModelDim).</summary>
    public FloatMatrix Normed { get; }

    /// <summary>Queries (rows, HeadCount·HeadDim).</summary>
    public FloatMatrix Query { get; }

    /// <summary>Keys (rows, KvHeadCount·HeadDim).</summary>
    public FloatMatrix Key { get; }

    /// <summary>Values (rows, KvHeadCount·ValueDim).</summary>
    public FloatMatrix Value { get; }

    /// <summary>Attention output before its projection (rows, HeadCount·ValueDim).</summary>
    public FloatMatrix Mixed { get; }

    /// <summary>Output of a projection that joins the residual stream (rows, ModelDim).</summary>
    public FloatMatrix Projected { get; }

    /// <summary>Router logits of a mixture of experts (rows, ChoiceCount).</summary>
    public FloatMatrix ExpertLogits { get; }

    /// <summary>Input, then output of the experts (rows · experts of a row, ModelDim).</summary>
    public FloatMatrix ExpertSlots { get; }

    /// <summary>Hidden layer of an MLP router (1, 2·ModelDim).</summary>
    public FloatMatrix RouterHidden { get; }

    /// <summary>Logits (LogitRows of the plan, VocabSize).</summary>
    public FloatMatrix Logits { get; }

    /// <summary>Bytes of all buffers.</summary>
    public long ByteCount { get; private set; }

    private AlignedBuffer QuantizedBuffer { get; }

    /// <summary>Bytes that <see cref="ByteCount"/> will be, before anything is taken.</summary>
    public static long BytesFor(ModelConfig config, SequencePlan plan, int workerCount)
    {
        long rows = plan.RowsMax(config);
        int layerRows = (int)Math.Min(RowsMax, rows);
        long floats = (rows + GatheredRows(config, plan) + StateRows(config, plan) + (2L * PairRows(config, plan))
            + (2L * SkippingRows(config, plan))) * config.ModelDim;
        floats += layerRows * ((2L * config.ModelDim) + config.QueryDim + config.MixedDim);
        floats += layerRows * ((long)config.KvDim + config.KvValueDim + (4 * RowGap(config)));
        floats += 2L * HiddenFloats(config, layerRows);
        floats += config.Experts is { } experts
            ? layerRows * (experts.ChoiceCount + ((long)experts.UsedCount * config.ModelDim))
            : 0;
        floats += (2L * config.ModelDim) + ((long)plan.LogitRows(config) * config.VocabSize);
        int scores = ScoresMax(config, plan);
        long scoreQueries = (long)workerCount * ScoreQueriesFor(scores);
        floats += scoreQueries * ScoreStride(scores);
        int quantizedQueries = plan.KvFormat == KvFormat.Q8 ? checked((int)scoreQueries) : 0;
        return checked((floats * sizeof(float))
            + QuantizedBytes(config, layerRows)
            + QuantizedRows.ByteCount(quantizedQueries, config.HeadDim));
    }

    /// <summary>
    /// Gate projection, then its product with the up projection (rows, dim); of retention and of the feed-forward
    /// network in turn.
    /// </summary>
    public FloatMatrix Gate(int rows, int dim) => _gate.Reshaped(rows, dim, dim);

    /// <summary>Up projection (rows, dim).</summary>
    public FloatMatrix Up(int rows, int dim) => _up.Reshaped(rows, dim, dim);

    /// <summary>Attention scores of one worker (queries, count), rows of whole cache lines.</summary>
    public FloatMatrix Scores(int worker, int queries, int count) =>
        _scores.Columns(worker * _workerScores, _workerScores).Reshaped(queries, count, ScoreStride(count));

    /// <summary>
    /// Attention scores of all workers together (queries, count), in the same memory; no rows where that is too little.
    /// </summary>
    public FloatMatrix SharedScores(int queries, int count) =>
        (long)queries * ScoreStride(count) <= _scores.Cols
            ? _scores.Reshaped(queries, count, ScoreStride(count))
            : default;

    /// <summary>Room for the queries of one worker in int8; none unless keys are Q8.</summary>
    public QuantizedRows QuantizedQueries(int worker) => _quantizedQueries.Rows == 0
        ? _quantizedQueries
        : _quantizedQueries.Slice(worker * ScoreQueries, ScoreQueries);

    /// <summary>Room for int8 activations; one projection at a time uses it.</summary>
    public QuantizedRows Quantized(int rows, int cols) => QuantizedRows.Over(QuantizedBuffer, rows, cols);

    public void Dispose()
    {
        for (int i = 0; i < _bufferCount; i++)
        {
            _buffers[i].Dispose();
        }
    }

    /// <summary>
    /// Scores of a query: of the context, or where every layer has a window, of what neighbouring queries see of it,
    /// from the beginning of a tile. Retention has none.
    /// </summary>
    private static int ScoresMax(ModelConfig config, SequencePlan plan)
    {
        int windowMax = 0;
        for (int block = 0; block < config.BlockCount; block++)
        {
            int window = config.Block(block).Window;
            windowMax = Math.Max(windowMax, window == 0 ? plan.ContextLength : window);
        }

        // In loops and behind skipped layers the queries of a call may lie far from each other.
        bool areNeighbours = config.Recursion is null && config.Skips is null;
        long seen = (long)windowMax + ScoreQueriesMax + PackedLayout.TileRows;
        return config.Retention is not null ? 1
            : areNeighbours ? (int)Math.Min(plan.ContextLength, seen)
            : plan.ContextLength;
    }

    /// <summary>
    /// Floats of the hidden layer of a feed-forward network: of rows, or of the experts that they chose.
    /// </summary>
    private static int HiddenFloats(ModelConfig config, int layerRows)
    {
        int slotWidth = config.Experts is { } experts
            ? Math.Max(experts.SharedFfnDim, checked(experts.UsedCount * experts.FfnDim))
            : 0;
        int gateWidth = config.Retention is null ? 0 : config.MixedDim;
        int draftWidth = config.Recursion?.DraftSize ?? 0;
        int widthMax = Math.Max(Math.Max(config.FfnDim, gateWidth), Math.Max(slotWidth, draftWidth));
        return checked(layerRows * widthMax);
    }

    /// <summary>Bytes of the widest activations in int8.</summary>
    private static long QuantizedBytes(ModelConfig config, int layerRows)
    {
        bool hasPairs = config.Recursion is { } recursion && (recursion.HasAdapter || recursion.DraftSize > 0);
        int inputDim = Math.Max(hasPairs ? 2 * config.ModelDim : config.ModelDim, config.Recursion?.DraftSize ?? 0);
        int widthMax = Math.Max(inputDim, Math.Max(config.MixedDim, config.FfnDimMax));
        long bytes = QuantizedRows.ByteCount(layerRows, widthMax);
        return config.Experts is { } experts
            ? Math.Max(
                bytes,
                QuantizedRows.ByteCount(
                    layerRows * experts.UsedCount, Math.Max(config.ModelDim, experts.FfnDim)))
            : bytes;
    }

    private static int GatheredRows(ModelConfig config, SequencePlan plan) =>
        config.Recursion is null && plan.Batch is null ? 1 : plan.RowsMax(config);

    private static int StateRows(ModelConfig config, SequencePlan plan) =>
        config.Recursion is { } recursion
            && (recursion.DepthRule == DepthRule.TokenChoice || recursion.HasExits || recursion.HasAdapter)
            ? plan.RowsMax(config)
            : 1;

    private static int SkippingRows(ModelConfig config, SequencePlan plan) =>
        config.Skips is null ? 0 : plan.RowsMax(config);

    private static int PairRows(ModelConfig config, SequencePlan plan) =>
        config.Recursion?.HasAdapter == true ? plan.RowsMax(config)
        : plan.HasDraftHead(config) ? plan.DraftingTextsMax
        : 0;

    private static int ScoreQueriesFor(int contextLength) =>
        Math.Clamp(ScoreFloatsMax / ScoreStride(contextLength), 1, ScoreQueriesMax);

    private static int ScoreStride(int count) => AlignedBuffer.WholeLines(count);

    /// <summary>
    /// Floats between rows: a kernel of retention takes the same few columns of all rows at once, which rows of whole
    /// pages would bring into the same few places of the first-level cache (a prompt's retention took twice as long).
    /// </summary>
    private static int RowGap(ModelConfig config) => config.Retention is null ? 0 : AlignedBuffer.FloatsPerLine;

    private FloatMatrix Take(int rows, int cols, int gap = 0)
    {
        int stride = cols + gap;
        AlignedBuffer buffer = Track(new AlignedBuffer(checked((long)rows * stride * sizeof(float))));
        return FloatMatrix.Over(buffer, rows, stride).Columns(0, cols);
    }

    private AlignedBuffer Track(AlignedBuffer buffer)
    {
        _buffers[_bufferCount++] = buffer;
        ByteCount += buffer.ByteCount;
        return buffer;
    }
}
