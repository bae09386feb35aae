using MoREdge.Model.Weights;

namespace MoREdge.Model.Layers;

/// <summary>
/// The angles of a model: one table for blocks that see everything, and where the file says so another for blocks with
/// a window.
/// </summary>
internal sealed class RotaryTables : IDisposable
{
    private readonly RotaryTable _main;
    private readonly RotaryTable? _window;

    /// <summary>Takes room for a context.</summary>
    public RotaryTables(ModelConfig config, RotaryFactors factors, int contextLength)
    {
        RotaryConfig rotary = config.Rotary;
        int dim = Dim(config);
        float[]? divisors = factors.For(contextLength > rotary.OriginalContext);
        float[] frequencies = rotary.Frequencies(dim, config.RopeTheta, isStretched: true, divisors);
        _main = new RotaryTable(frequencies, rotary.Amplitude, contextLength);
        if (rotary.WindowTheta is { } theta)
        {
            _window = new RotaryTable(rotary.Frequencies(dim, theta, isStretched: false, null), 1, contextLength);
        }
    }

    /// <summary>Bytes of the tables; resident are only the rows computed so far.</summary>
    public long ByteCount => _main.ByteCount + (_window?.ByteCount ?? 0);

    /// <summary>Bytes that <see cref="ByteCount"/> will be.</summary>
    public static long BytesFor(ModelConfig config, int contextLength) =>
        (config.Rotary.WindowTheta is null ? 1 : 2) * RotaryTable.BytesFor(Dim(config), contextLength);

    /// <summary>The table of a block, or null where nothing is rotated.</summary>
    public RotaryTable? Of(BlockConfig block) =>
        !block.IsRotated ? null : block.Window > 0 && _window is not null ? _window : _main;

    /// <summary>Computes the angles of positions below <paramref name="positionCount"/>.</summary>
    public void Reach(int positionCount)
    {
        _main.Reach(positionCount);
        _window?.Reach(positionCount);
    }

    public void Dispose()
    {
        _main.Dispose();
        _window?.Dispose();
    }

    private static int Dim(ModelConfig config) => config.Rotary.Dim == 0 ? config.HeadDim : config.Rotary.Dim;
}
