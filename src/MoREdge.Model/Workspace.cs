using System.Diagnostics;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>
/// Every activation buffer of one sequence, sized from the configuration and taken once. Wide buffers hold RowsMax rows
/// (layers work on that many at a time); the residual stream holds a whole chunk, because top-k routing compares all
/// its tokens.
/// </summary>
internal sealed class Workspace : IDisposable
{
    /// <summary>
    /// Rows a layer handles at a time: enough to reuse each weight many times, small enough to stay in the L2 cache.
    /// </summary>
    public const int RowsMax = 64;

    private readonly AlignedBuffer[] _buffers;
    private readonly int _widthMax;
    private int _bufferCount;

    public Workspace(ModelConfig config, int chunkRowsMax, int contextLength, int workerCount)
    {
        ChunkRowsMax = chunkRowsMax;
        int layerRows = Math.Min(RowsMax, chunkRowsMax);
        _widthMax = Math.Max(config.ModelDim, Math.Max(config.QueryDim, config.FfnDim));
        _buffers = new AlignedBuffer[16];
        Residual = Take(chunkRowsMax, config.ModelDim);
        Gathered = Take(config.Recursion is null ? 1 : chunkRowsMax, config.ModelDim);
        State = Take(config.Recursion?.DepthRule == DepthRule.TokenChoice ? chunkRowsMax : 1, config.ModelDim);
        Normed = Take(layerRows, config.ModelDim);
        Query = Take(layerRows, config.QueryDim);
        Key = Take(layerRows, config.KvDim);
        Value = Take(layerRows, config.KvDim);
        Mixed = Take(layerRows, config.QueryDim);
        Projected = Take(layerRows, config.ModelDim);
        Gate = Take(layerRows, config.FfnDim);
        Up = Take(layerRows, config.FfnDim);
        RouterHidden = Take(1, 2 * config.ModelDim);
        Scores = Take(workerCount, contextLength);
        Logits = Take(LogitRows, config.VocabSize);
        QuantizedBuffer = Track(new AlignedBuffer(QuantizedRows.ByteCount(layerRows, _widthMax)));
        Debug.Assert(ByteCount == BytesFor(config, chunkRowsMax, contextLength, workerCount), "The estimate left a buffer out.");
    }

    /// <summary>Rows of logits computed together when every position's logits are asked for.</summary>
    public const int LogitRows = 8;

    /// <summary>Most rows of one forward pass.</summary>
    public int ChunkRowsMax { get; }

    /// <summary>The residual stream (chunk, ModelDim).</summary>
    public FloatMatrix Residual { get; }

    /// <summary>Rows of the residual stream that a recursion works on (chunk, ModelDim).</summary>
    public FloatMatrix Gathered { get; }

    /// <summary>Token-choice: each token's state between recursions (chunk, ModelDim).</summary>
    public FloatMatrix State { get; }

    /// <summary>Normed input of a projection (rows, ModelDim).</summary>
    public FloatMatrix Normed { get; }

    /// <summary>Queries (rows, HeadCount·HeadDim).</summary>
    public FloatMatrix Query { get; }

    /// <summary>Keys (rows, KvHeadCount·HeadDim).</summary>
    public FloatMatrix Key { get; }

    /// <summary>Values (rows, KvHeadCount·HeadDim).</summary>
    public FloatMatrix Value { get; }

    /// <summary>Attention output before its projection (rows, HeadCount·HeadDim).</summary>
    public FloatMatrix Mixed { get; }

    /// <summary>Output of a projection that joins the residual stream (rows, ModelDim).</summary>
    public FloatMatrix Projected { get; }

    /// <summary>Gate projection, then the SwiGLU product (rows, FfnDim).</summary>
    public FloatMatrix Gate { get; }

    /// <summary>Up projection (rows, FfnDim).</summary>
    public FloatMatrix Up { get; }

    /// <summary>Hidden layer of an MLP router (1, 2·ModelDim).</summary>
    public FloatMatrix RouterHidden { get; }

    /// <summary>Attention scores, a row per worker (workers, context).</summary>
    public FloatMatrix Scores { get; }

    /// <summary>Logits (LogitRows, VocabSize).</summary>
    public FloatMatrix Logits { get; }

    /// <summary>Bytes of all buffers.</summary>
    public long ByteCount { get; private set; }

    private AlignedBuffer QuantizedBuffer { get; }

    /// <summary>Bytes that <see cref="ByteCount"/> will be, before anything is taken.</summary>
    public static long BytesFor(ModelConfig config, int chunkRowsMax, int contextLength, int workerCount)
    {
        long layerRows = Math.Min(RowsMax, chunkRowsMax);
        int widthMax = Math.Max(config.ModelDim, Math.Max(config.QueryDim, config.FfnDim));
        long gatheredRows = config.Recursion is null ? 1 : chunkRowsMax;
        long stateRows = config.Recursion?.DepthRule == DepthRule.TokenChoice ? chunkRowsMax : 1;
        long floats = (chunkRowsMax + gatheredRows + stateRows) * config.ModelDim;
        floats += layerRows * ((2L * config.ModelDim) + (2L * config.QueryDim) + (2L * config.KvDim) + (2L * config.FfnDim));
        floats += (2L * config.ModelDim) + ((long)workerCount * contextLength) + ((long)LogitRows * config.VocabSize);
        return checked((floats * sizeof(float)) + QuantizedRows.ByteCount((int)layerRows, widthMax));
    }

    /// <summary>Room for int8 activations; one projection at a time uses it.</summary>
    public QuantizedRows Quantized(int rows, int cols) => QuantizedRows.Over(QuantizedBuffer, rows, cols);

    public void Dispose()
    {
        for (int i = 0; i < _bufferCount; i++)
        {
            _buffers[i].Dispose();
        }
    }

    private FloatMatrix Take(int rows, int cols)
    {
        AlignedBuffer buffer = Track(new AlignedBuffer(checked((long)rows * cols * sizeof(float))));
        return FloatMatrix.Over(buffer, rows, cols);
    }

    private AlignedBuffer Track(AlignedBuffer buffer)
    {
        _buffers[_bufferCount++] = buffer;
        ByteCount += buffer.ByteCount;
        return buffer;
    }
}
