using MoREdge.Model.Recursion;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model;

/// <summary>
/// The routers of a model by themselves, so that their share of a token can be measured: the same logits and weights
/// that the loop computes. One call at a time; any thread may dispose of it.
/// </summary>
public sealed class RouterPass : IDisposable
{
    private readonly Lifetime _lifetime;
    private readonly RecursionConfig _config;
    private readonly RouterWeights[] _routers;
    private readonly AlignedBuffer _hidden;
    private readonly TokenRouter _router;
    private readonly float[] _input;
    private readonly float[] _logits;

    internal RouterPass(DecoderModel model, RecursionConfig config, RouterWeights[] routers)
    {
        int dim = model.Config.ModelDim;
        int hiddenDim = 2 * dim;
        _config = config;
        _routers = routers;
        _hidden = new AlignedBuffer((long)hiddenDim * sizeof(float));
        _lifetime = new Lifetime(this, _hidden.Dispose, model.Lifetime);
        _router = new TokenRouter(model.Kernels, config, FloatMatrix.Over(_hidden, 1, hiddenDim));
        _input = new float[dim];
        _logits = new float[config.RecursionCount];

        // An ordinary residual stream: its norm is that of ones.
        Array.Fill(_input, 1);
    }

    /// <summary>Runs every router that one token meets on its way.</summary>
    /// <param name="depthMax">Its cap on recursions; a token-choice model asks its one router whatever the cap.</param>
    /// <returns>The sum of the weights.</returns>
    /// <exception cref="InvalidOperationException">Another call is under way.</exception>
    /// <exception cref="ObjectDisposedException">This or its model has been disposed.</exception>
    public float Run(int depthMax)
    {
        using Lifetime.Use use = _lifetime.Occupy();
        if (_config.DepthRule == DepthRule.TokenChoice)
        {
            _router.Logits(_routers[0], _input, _logits);
            _router.Weights(_logits);
            return _logits[0];
        }

        float sum = 0;
        Span<float> logit = _logits.AsSpan(0, 1);
        for (int r = 0; r < depthMax; r++)
        {
            _router.Logits(_routers[r], _input, logit);
            sum += _router.Weight(logit[0]);
        }

        return sum;
    }

    /// <summary>Frees the buffer.</summary>
    public void Dispose() => _lifetime.Dispose();
}
