using MoREdge.Inference;
using MoREdge.Kernels;
using MoREdge.Model;

namespace MoREdge.Tests.Inference;

/// <summary>The model file of the repository, opened once for all tests of a class.</summary>
public sealed class BuiltInModel : IDisposable
{
    /// <summary>A beginning that the model knows well, so that its next words do not hang on rounding.</summary>
    public const string Prompt = "Once upon a time, there was a little";

    /// <summary>Takes the likeliest token always.</summary>
    public static readonly SamplerOptions Greedy = new() { Temperature = 0 };

    public static string FilePath => SharedData.InRepository("tools/moredge/mor-stories-q4.gguf");

    public LocalModel Model { get; } = LocalModel.Open(FilePath, KernelSelector.Best, threadCount: 1);

    public GenerationSession Start(int contextLength = 512) =>
        Model.StartSession(new SequenceOptions { ContextLength = contextLength }, Greedy);

    public void Dispose() => Model.Dispose();
}
