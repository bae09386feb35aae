using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Tests.Model;

public sealed class RouterPassTests
{
    private const double Tolerance = 1e-5;

    /// <summary>The input is ones, so a logit is the sum of the router's weights.</summary>
    [Fact]
    public void Run_ExpertChoice_SumsTheWeightsOfTheRoutersUpToTheCap()
    {
        using TinyModel model = TinyModel.Recursive("expert", "middle_cycle", 3, 2).Load();
        using RouterPass routers = model.Network.CreateRouterPass()!;
        double sum = 0;
        for (int r = 0; r < 3; r++)
        {
            double logit = model.Values(TensorNames.ExpertRouter(r, TensorNames.RouterLinear)).Sum();
            sum += 0.5 / (1 + Math.Exp(-logit));
            Assert.Equal(sum, routers.Run(r + 1), Tolerance);
        }
    }

    [Fact]
    public void Run_TokenChoice_AsksTheOneRouterWhateverTheCap()
    {
        using TinyModel model = TinyModel.Recursive("token", "middle_cycle", 3, 2).Load();
        using RouterPass routers = model.Network.CreateRouterPass()!;
        float[] values = model.Values(TensorNames.TokenRouter(TensorNames.RouterLinear));
        double[] powers = new double[3];
        for (int depth = 0; depth < powers.Length; depth++)
        {
            powers[depth] = Math.Exp(values.Skip(depth * values.Length / 3).Take(values.Length / 3).Sum());
        }

        Assert.Equal(powers[0] / powers.Sum(), routers.Run(1), Tolerance);
        Assert.Equal(routers.Run(1), routers.Run(3));
    }

    [Fact]
    public void Create_WithoutRouters_IsNull()
    {
        using TinyModel recursive = TinyModel.Recursive("none", "cycle", 2, 1).Load();
        Assert.Null(recursive.Network.CreateRouterPass());
        using TinyModel decoder = TinyModel.Decoder("llama", 1).Load();
        Assert.Null(decoder.Network.CreateRouterPass());
    }
}
