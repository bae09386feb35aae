using MoREdge.Model.Caches;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>Applies layer calls of the schedule: picks the weights, the slot and how the slot is treated.</summary>
internal sealed class LayerRunner(
    TransformerLayer layer, ModelWeights weights, KvCache cache, LayerSchedule schedule, KvPolicy policy)
{
    private CancellationToken _cancellation;

    /// <summary>The unrolled model.</summary>
    public LayerSchedule Schedule { get; } = schedule;

    /// <summary>True when the first recursion stores keys and values for all the others.</summary>
    public bool IsCacheShared => policy != KvPolicy.RecursionWise;

    /// <summary>A pass checks <paramref name="cancellation"/> before every layer.</summary>
    public void BeginPass(CancellationToken cancellation) => _cancellation = cancellation;

    /// <summary>
    /// Runs <paramref name="calls"/> one after the other over <paramref name="x"/> (rows, ModelDim), in place.
    /// </summary>
    public void Run(LayerCall[] calls, in FloatMatrix x, int[] positions)
    {
        foreach (LayerCall call in calls)
        {
            _cancellation.ThrowIfCancellationRequested();
            CacheAccess access = call.WritesCache ? CacheAccess.Append
                : policy == KvPolicy.SharedHybrid ? CacheAccess.Overlay
                : CacheAccess.Read;
            layer.Forward(x, positions, weights.Layer(call.Block, call.Recursion), cache[call.Slot], access);
        }
    }
}
