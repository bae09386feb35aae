using MoREdge.Kernels;
using MoREdge.Model.Threads;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>
/// Up to four products of the same input in one piece of work (query, key, value and gate; gate and up): fewer meetings
/// of the workers per token. Items are tiles of 8 output rows, counted through all matrices.
/// </summary>
internal sealed class ProjectionWork(KernelSet kernels) : ParallelWork
{
    /// <summary>Fewer tiles at a time keep a product of several tokens from its full speed.</summary>
    internal const int TilesMin = 4;

    /// <summary>Multiply-adds worth handing over: about as long, a microsecond, as a meeting of two workers.</summary>
    private const int MultiplyAddsMin = 1 << 15;

    private const int ProductsMax = 4;

    private readonly WeightMatrix[] _weights = new WeightMatrix[ProductsMax];
    private readonly int[] _tiles = new int[ProductsMax];
    private readonly FloatMatrix[] _outputs = new FloatMatrix[ProductsMax];
    private readonly FloatMatrix[] _sums = new FloatMatrix[ProductsMax];
    private FloatMatrix _input;
    private QuantizedRows _quantized;
    private int _count;

    public override WorkKind Kind => _input.Rows == 1 ? WorkKind.MatVec : WorkKind.MatMul;

    /// <summary>Sets the input (tokens, cols) and its int8 form, and forgets earlier matrices.</summary>
    public void Begin(in FloatMatrix input, in QuantizedRows quantized)
    {
        _input = input;
        _quantized = quantized;
        _count = 0;
    }

    /// <summary>
    /// Adds y = x·Wᵀ with y (tokens, rows); with fewer rows than the input, its first tokens alone are multiplied.
    /// </summary>
    public void Add(WeightMatrix weight, in FloatMatrix output)
    {
        _weights[_count] = weight;
        _tiles[_count] = weight.TileCount;
        _outputs[_count] = output;
        _sums[_count] = default;
        _count++;
    }

    /// <summary>
    /// As <see cref="Add"/>, but only the first <paramref name="rows"/> columns of y, in whole tiles.
    /// </summary>
    public void AddTop(WeightMatrix weight, in FloatMatrix output, int rows)
    {
        Add(weight, output);
        int tiles = (rows + PackedLayout.TileRows - 1) / PackedLayout.TileRows;
        _tiles[_count - 1] = Math.Min(tiles, weight.TileCount);
    }

    /// <summary>Adds sum += x·Wᵀ with sum (tokens, rows); the product itself is left in output.</summary>
    public void AddTo(in FloatMatrix sum, WeightMatrix weight, in FloatMatrix output)
    {
        Add(weight, output);
        _sums[_count - 1] = sum;
    }

    /// <summary>Computes all products.</summary>
    public void Run(WorkerPool pool)
    {
        int tiles = 0;
        for (int i = 0; i < _count; i++)
        {
            tiles += _tiles[i];
        }

        long multiplyAdds = (long)PackedLayout.TileRows * _input.Cols * _input.Rows;
        int tilesMin = Math.Max(TilesMin, (int)(MultiplyAddsMin / multiplyAdds));
        pool.Run(this, tiles, tiles < 2 * tilesMin ? tiles : tilesMin);
    }

    public override void Execute(int start, int end, int worker)
    {
        int first = 0;
        for (int i = 0; i < _count; i++)
        {
            int tiles = _tiles[i];
            int from = Math.Max(start - first, 0);
            int to = Math.Min(end - first, tiles);
            if (from < to)
            {
                int tokens = _outputs[i].Rows;
                _weights[i].Multiply(
                    kernels, _input.Slice(0, tokens), _quantized.Slice(0, tokens), _outputs[i], from, to);
                AddColumns(_sums[i], _outputs[i], from * PackedLayout.TileRows, to * PackedLayout.TileRows);
            }

            first += tiles;
        }
    }

    private void AddColumns(in FloatMatrix sum, in FloatMatrix output, int start, int end)
    {
        int count = Math.Min(end, sum.Cols) - start;
        for (int row = 0; row < sum.Rows; row++)
        {
            kernels.Add(sum.Row(row).Slice(start, count), output.Row(row).Slice(start, count));
        }
    }
}
