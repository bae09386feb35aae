using MoREdge.Kernels;
using MoREdge.Model.Weights;
using MoREdge.Tensors;

namespace MoREdge.Model.Recursion;

/// <summary>
/// Router logits and weights (spec section 2.1). The input is the raw residual stream, divided by the temperature.
/// </summary>
internal sealed class TokenRouter(KernelSet kernels, RecursionConfig config, FloatMatrix hidden)
{
    private readonly float _inverseTemperature = (float)(1 / config.Temperature);

    /// <summary>z = W·(x / T), or W2·GELU(W1·(x / T)).</summary>
    /// <param name="router">The router's weights.</param>
    /// <param name="x">A row of the residual stream (ModelDim).</param>
    /// <param name="logits">(outputs).</param>
    public void Logits(RouterWeights router, ReadOnlySpan<float> x, Span<float> logits)
    {
        if (router.Second is null)
        {
            Project(router.First, x, _inverseTemperature, logits);
            return;
        }

        Span<float> middle = hidden.Row(0);
        Project(router.First, x, _inverseTemperature, middle);
        kernels.Gelu(middle);
        Project(router.Second, middle, 1, logits);
    }

    /// <summary>The weight p of a token whose expert-choice logit is <paramref name="logit"/>.</summary>
    public float Weight(float logit) => config.RouterFunction switch
    {
        RouterFunction.Sigmoid => (float)(config.Alpha * Sigmoid(logit)),
        RouterFunction.Tanh => (float)(config.Alpha * Math.Tanh(logit)),
        _ => logit,
    };

    /// <summary>Turns token-choice logits into weights q in place: α·softmax(z) or α·σ(z).</summary>
    public void Weights(Span<float> logits)
    {
        if (config.RouterFunction == RouterFunction.Softmax)
        {
            kernels.Softmax(logits);
        }

        for (int i = 0; i < logits.Length; i++)
        {
            double weight = config.RouterFunction == RouterFunction.Softmax ? logits[i] : Sigmoid(logits[i]);
            logits[i] = (float)(config.Alpha * weight);
        }
    }

    private static double Sigmoid(double z) => 1 / (1 + Math.Exp(-z));

    private void Project(float[][] weight, ReadOnlySpan<float> x, float scale, Span<float> y)
    {
        for (int i = 0; i < weight.Length; i++)
        {
            y[i] = kernels.Dot(weight[i], x) * scale;
        }
    }
}
