using MoREdge.Kernels;
using MoREdge.Model.Threads;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// R ← γ·R + kᵀ·v and q·R for every row and head, in the order of each text: the recurrent form for a decoded token and
/// for a prompt alike, so that a text gives the same bits however it is cut. The kernel keeps a few columns of R while
/// all rows pass, which does for a prompt what the chunkwise form is for. Items are (rows of one state, head, part of
/// the value columns), parts innermost; neighbouring parts go through one call.
/// </summary>
internal sealed class RetentionWork(KernelSet kernels, ModelConfig config, RetentionConfig retention) : ParallelWork
{
    /// <summary>Columns of a part: whole cache lines, and enough of them that memory streams.</summary>
    private const int PartColumns = 128;

    private readonly int _headsPerKvHead = config.HeadCount / config.KvHeadCount;
    private readonly int _parts = (retention.ValueDim + PartColumns - 1) / PartColumns;
    private FloatMatrix _query;
    private FloatMatrix _key;
    private FloatMatrix _value;
    private FloatMatrix _mixed;
    private LayerPass? _pass;

    /// <summary>
    /// Retains with <paramref name="query"/> (rows, QueryDim), <paramref name="key"/> (rows, KvDim) and
    /// <paramref name="value"/> (rows, KvHeadCount·ValueDim) of the pass's row block into <paramref name="mixed"/>
    /// (rows, HeadCount·ValueDim).
    /// </summary>
    public void Run(
        WorkerPool pool,
        in FloatMatrix query,
        in FloatMatrix key,
        in FloatMatrix value,
        in FloatMatrix mixed,
        LayerPass pass)
    {
        _query = query;
        _key = key;
        _value = value;
        _mixed = mixed;
        _pass = pass;
        pool.Run(this, pass.States.Length * config.HeadCount * _parts);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int item = start; item < end;)
        {
            int part = item % _parts;
            int count = Math.Min(_parts - part, end - item);
            int first = part * PartColumns;
            int columns = Math.Min(count * PartColumns, retention.ValueDim - first);
            int head = item / _parts;
            Retain(_pass!.States[head / config.HeadCount], head % config.HeadCount, first, columns);
            item += count;
        }
    }

    private void Retain(in StateRows rows, int head, int first, int columns)
    {
        int kvHead = head / _headsPerKvHead;
        kernels.Retention(
            rows.State.Head(head).Columns(first, columns),
            (float)retention.Decays[head],
            _query.Slice(rows.Start, rows.Count).Columns(head * config.HeadDim, config.HeadDim),
            _key.Slice(rows.Start, rows.Count).Columns(kvHead * config.HeadDim, config.HeadDim),
            _value.Slice(rows.Start, rows.Count).Columns((kvHead * retention.ValueDim) + first, columns),
            _mixed.Slice(rows.Start, rows.Count).Columns((head * retention.ValueDim) + first, columns));
    }
}

/// <summary>
/// What queries and keys go through before they meet the state: their function, their rotation, and the factor 1 /
/// √KeyDim of the queries. Items are rows.
/// </summary>
internal sealed class RetentionInputWork(
    KernelSet kernels, ModelConfig config, RetentionConfig retention, RetentionAngles angles) : ParallelWork
{
    private readonly float _scale = 1 / MathF.Sqrt(config.HeadDim);
    private FloatMatrix _query;
    private FloatMatrix _key;
    private int _firstRow;

    /// <summary>Works on <paramref name="query"/> (rows, QueryDim) and <paramref name="key"/> (rows, KvDim) of the
    /// pass's row block.</summary>
    public void Run(WorkerPool pool, in FloatMatrix query, in FloatMatrix key, LayerPass pass)
    {
        _query = query;
        _key = key;
        _firstRow = pass.BlockStart;
        pool.Run(this, query.Rows);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int row = start; row < end; row++)
        {
            Prepare(_key.Row(row), row);
            Span<float> query = _query.Row(row);
            Prepare(query, row);
            foreach (ref float value in query)
            {
                value *= _scale;
            }
        }
    }

    private void Prepare(Span<float> heads, int row)
    {
        for (int i = 0; retention.Rectifies && i < heads.Length; i++)
        {
            heads[i] = MathF.Max(heads[i], 0);
        }

        kernels.Rotary(
            heads, config.HeadDim, angles.Cos(_firstRow + row), angles.Sin(_firstRow + row),
            config.RopePairing == RopePairing.Interleaved);
    }
}

/// <summary>
/// Norms the read-out of each head, gates it, and makes its int8 form. Items are rows.
/// </summary>
/// <remarks>
/// Torchscale divides a read-out by √s first, s being the sum of the decays so far. (o/√s) / √(mean((o/√s)²) + ε) is o
/// / √(mean(o²) + ε·s), so s joins the ε.
/// </remarks>
internal sealed class RetentionOutputWork(KernelSet kernels, ModelConfig config, RetentionConfig retention)
    : ParallelWork
{
    private FloatMatrix _mixed;
    private FloatMatrix _gate;
    private QuantizedRows _quantized;
    private float[] _weight = [];
    private LayerPass? _pass;

    /// <summary>Works on <paramref name="mixed"/> (rows, HeadCount·ValueDim), with <paramref name="gate"/> of the same
    /// shape, and <paramref name="weight"/> (ValueDim).</summary>
    public void Run(
        WorkerPool pool,
        in FloatMatrix mixed,
        in FloatMatrix gate,
        float[] weight,
        LayerPass pass,
        in QuantizedRows quantized)
    {
        _mixed = mixed;
        _gate = gate;
        _weight = weight;
        _pass = pass;
        _quantized = quantized;
        pool.Run(this, mixed.Rows);
    }

    public override void Execute(int start, int end, int worker)
    {
        for (int row = start; row < end; row++)
        {
            Span<float> mixed = _mixed.Row(row);
            int position = _pass!.Positions[_pass.BlockStart + row];
            for (int head = 0; head < config.HeadCount; head++)
            {
                double sum = retention.DividesBySum ? retention.DecaySum(head, position) : 1;
                Span<float> read = mixed.Slice(head * retention.ValueDim, retention.ValueDim);
                kernels.RmsNorm(read, _weight, (float)(config.RmsNormEpsilon * sum), read);
            }

            if (retention.HasGate)
            {
                kernels.SwiGlu(_gate.Row(row), mixed, mixed);
            }
        }

        kernels.QuantizeRows(_mixed.Slice(start, end - start), _quantized.Slice(start, end - start));
    }
}
