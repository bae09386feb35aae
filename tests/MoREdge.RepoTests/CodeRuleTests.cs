namespace MoREdge.RepoTests;

/// <summary>Every banned pattern is found where it is banned, and nothing else is.</summary>
public sealed class CodeRuleTests
{
    private const string InModel = "src/MoREdge.Model/A.cs";
    private const string InKernels = "src/MoREdge.Kernels/X64/A.cs";
    private const string InCli = "tools/moredge/A.cs";
    private const string InTests = "tests/MoREdge.Tests/A.cs";

    [Theory]
    [InlineData("Vector<T>", InKernels, "Vector<float> x;")]
    [InlineData("Vector<T>", InTests, "System.Numerics.Vector<int> x;")]
    [InlineData("TensorPrimitives.SoftMax", InModel, "TensorPrimitives.SoftMax(x, y);")]
    [InlineData("LINQ", InModel, "using System.Linq;")]
    [InlineData("LINQ", InKernels, "Enumerable.Range(0, 3)")]
    [InlineData("async", InModel, "async Task F() { }")]
    [InlineData("async", InModel, "using System.Threading.Tasks;")]
    [InlineData("reflection", InModel, "using System.Reflection;")]
    [InlineData("reflection", InModel, "typeof(A).GetField(x)")]
    [InlineData("reflection", InModel, "x.GetType().GetMethods()")]
    [InlineData("reflection", InModel, "Activator.CreateInstance<A>()")]
    [InlineData("#region", InCli, "class A {\n  #region B\n}")]
    [InlineData("partial", InModel, "internal partial class A;")]
    [InlineData("catch everything", InCli, "catch (Exception) { }")]
    [InlineData("catch everything", InTests, "catch (System.Exception e) { }")]
    [InlineData("catch everything", InModel, "catch (Exception e) when (e.Message == x) { }")]
    [InlineData("catch everything", InModel, "catch { }")]
    [InlineData("(float)Half", InModel, "(float)BitConverter.UInt16BitsToHalf(x)")]
    [InlineData("(float)Half", InModel, "(float)(Half)x")]
    [InlineData("(float)Half", InModel, "(float)half")]
    [InlineData("(float)Half", InKernels, "(float)*(Half*)block")]
    [InlineData("(float)Half", InKernels, "(float)((Half*)row)[d]")]
    [InlineData("IsSupported", InModel, "if (Avx2.IsSupported)")]
    [InlineData("IsSupported", InCli, "AdvSimd.Arm64.IsSupported")]
    [InlineData("IsSupported", InKernels, "Vector128.IsHardwareAccelerated")]
    [InlineData("unsafe outside its places", InModel, "unsafe { }")]
    [InlineData("unsafe outside its places", InCli, "Unsafe.As<A>(b)")]
    [InlineData("vague type name", InModel, "class TensorHelper { }")]
    [InlineData("vague type name", InModel, "struct CoreLoop { }")]
    public void Violations_BannedSample_IsFound(string rule, string path, string text)
    {
        string violation = Assert.Single(Find(rule).Violations(new(path, text)));
        Assert.StartsWith(path, violation);
        Assert.Contains("write ", violation);
    }

    [Theory]
    [InlineData("Vector<T>", InKernels, "Vector128<float> x; Vector64<int> y; // Vector<T>")]
    [InlineData("TensorPrimitives.SoftMax", InModel, "TensorPrimitives.Sum(x);")]
    [InlineData("LINQ", InCli, "using System.Linq;")]
    [InlineData("LINQ", InModel, "list.Add(\"System.Linq\");")]
    [InlineData("async", InTests, "async Task F() { await x; }")]
    [InlineData("async", InModel, "int asynchronous = 1;")]
    [InlineData("reflection", InTests, "using System.Reflection;")]
    [InlineData("reflection", InModel, "x.GetType() == typeof(A)")]
    [InlineData("partial", InKernels, "partial class A;")]
    [InlineData("partial", InModel, "float partial = 0; // a partial class of values")]
    [InlineData("catch everything", InCli, "catch (IOException) { }")]
    [InlineData("catch everything", InCli, "catch (Exception e) when (e is IOException or ArgumentException) { }")]
    [InlineData("(float)Half", "src/MoREdge.Kernels/HalfReference.cs", "(float)(Half)x")]
    [InlineData("(float)Half", InModel, "(float)count; HalfBits.ToSingle(half)")]
    [InlineData("(float)Half", "src/MoREdge.Tensors/PackedTile.cs", "(float)(Half)x")]
    [InlineData("IsSupported", "src/MoREdge.Kernels/KernelSelector.cs", "Avx2.IsSupported")]
    [InlineData("IsSupported", InModel, "set.IsSupported")]
    [InlineData("unsafe outside its places", InKernels, "unsafe { }")]
    [InlineData("vague type name", InModel, "class SchoolCorestone { } class Contextual { }")]
    public void Violations_AllowedSample_IsNotFound(string rule, string path, string text) =>
        Assert.Empty(Find(rule).Violations(new(path, text)));

    [Fact]
    public void All_EveryRule_HasABannedSample()
    {
        string samples = Repository.Read("tests/MoREdge.RepoTests/CodeRuleTests.cs").Text;
        Assert.All(CodeRule.All, rule => Assert.Contains($"InlineData(\"{rule.Name}\"", samples));
    }

    private static CodeRule Find(string name) => CodeRule.All.Single(rule => rule.Name == name);
}
