using System.CommandLine;
using MoREdge.Inference;
using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>
/// Opens a model and a session from the command line, and says on standard error what deserves a warning.
/// </summary>
internal static class OpenedModel
{
    /// <summary>Opens the model file, or the built-in one for none.</summary>
    public static LocalModel Open(string? path, ModelOptions options, ParseResult result) =>
        LocalModel.Open(BuiltInModel.Resolve(path), ModelOptions.Kernels(), options.Threads(result));

    /// <summary>Opens a file, or the built-in one of that name, without a network over it.</summary>
    /// <exception cref="ModelFileException">The file is damaged or not a model file.</exception>
    public static GgufFile OpenFile(string path) => GgufFile.Open(BuiltInModel.Resolve(path));

    /// <summary>
    /// Opens a file for figures that others will trust, so that damage never passes for a result: its digests are
    /// compared first. These verbs read every weight anyway.
    /// </summary>
    /// <exception cref="ModelFileException">The file is damaged or not a model file.</exception>
    public static GgufFile OpenVerified(string path, CancellationToken cancellation)
    {
        GgufFile? file = OpenFile(path);
        try
        {
            using ProgressLine progress = new("Verifying");
            long done = 0;
            foreach (GgufTensor tensor in file.Tensors)
            {
                file.VerifyTensor(tensor, cancellation);
                done += tensor.ByteCount;
                progress.Report(done, file.FileBytes, PlainText.Clean(tensor.Name));
            }

            GgufFile verified = file;
            file = null;
            return verified;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Starts a session.</summary>
    public static GenerationSession StartSession(
        LocalModel model, ModelOptions options, DecodingFlags decoding, ParseResult result, SamplerOptions sampler)
    {
        int trained = model.Network.Config.ContextLength;
        SequenceOptions sequence = options.Sequence(result, Math.Min(trained, ModelOptions.ContextDefaultMax)) with
        {
            Speculation = decoding.Speculation(result),
        };
        if (sequence.ContextLength > trained)
        {
            Faults.Warn($"the model was trained on {trained} tokens; beyond them its answers decay.");
        }

        GenerationSession session = model.StartSession(sequence, sampler);
        WarnOfMemory(session.Sequence);
        return session;
    }

    /// <summary>The system gives memory when it is touched, and ends a program for which it has none by then.</summary>
    private static void WarnOfMemory(Sequence sequence)
    {
        long bytes = sequence.KvBytesReserved + sequence.StateBytes + sequence.StateHistoryBytes
            + sequence.WorkspaceBytes;
        if (Machine.AvailableBytes is { } available && bytes > available)
        {
            Faults.Warn(
                $"a text of {sequence.ContextLength} tokens takes {ByteText.Format(bytes)}, but only "
                + $"{ByteText.Format(available)} of memory are left; with a smaller --context the system will not have "
                + "to end the program.");
        }
    }
}
