using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Layers;

/// <summary>Takes a pass through its layers, one after the other.</summary>
internal sealed class LayerRunner(TransformerLayer layer, SkippableLayer? skippable, ModelWeights weights)
{
    private CancellationToken _cancellation;

    /// <summary>Layers run so far: each read the weights of its block once for all rows of its pass.</summary>
    public long LayerCount { get; private set; }

    /// <summary>Passes check <paramref name="cancellation"/> before every layer.</summary>
    public void Observe(CancellationToken cancellation) => _cancellation = cancellation;

    /// <summary>Runs the layers of <paramref name="pass"/> over its rows <paramref name="x"/> (rows, ModelDim), in
    /// place.</summary>
    public void Run(LayerPass pass, in FloatMatrix x)
    {
        for (int i = 0; i < pass.Calls.Length; i++)
        {
            _cancellation.ThrowIfCancellationRequested();
            LayerCall call = pass.Calls[i];
            pass.EnterLayer(i);
            LayerWeights own = weights.Layer(call.Block, call.Recursion);
            if (own.Skip is { } router)
            {
                skippable!.Forward(x, pass, layer, own, router, call.Block);
            }
            else
            {
                layer.Forward(x, pass, own, call.Block);
            }

            LayerCount++;
        }
    }
}
