using MoREdge.Checkpoints;
using MoREdge.Inference;
using MoREdge.Kernels;
using MoREdge.ModelFile;
using MoREdge.Quantization;
using MoREdge.Tokenization;

namespace MoREdge.Cli;

/// <summary>Turns the typed faults of the libraries into one sentence on standard error and an exit code.</summary>
internal static class Faults
{
    /// <summary>What becomes of weights that are no model file yet.</summary>
    public const string QuantizeHint = "'moredge quantize' makes a model file of one";

    /// <summary>errno of a write to a pipe whose reader is gone.</summary>
    private const int BrokenPipe = 32;

    /// <summary>Longer than any sentence of ours with a path in it.</summary>
    private const int SentenceCharsMax = 1000;

    /// <summary>Runs a verb. Faults that are not from outside are bugs and are not caught.</summary>
    public static int Guard(Func<int> verb)
    {
        try
        {
            return verb();
        }
        catch (UsageException fault)
        {
            return Report(ExitCode.Usage, fault.Message);
        }
        catch (ArgumentException fault) when (fault.ParamName is null)
        {
            // Option checks of the libraries: one sentence, no parameter name.
            return Report(ExitCode.Usage, fault.Message);
        }
        catch (IOException fault) when ((fault.HResult & 0xFFFF) == BrokenPipe)
        {
            // The reader of our output has seen enough (moredge … | head).
            return ExitCode.Success;
        }
        catch (OperationCanceledException)
        {
            return Report(ExitCode.Failure, "Interrupted.");
        }
        catch (InsufficientMemoryException fault)
        {
            // The system refused threads or a block of memory, and the sentence says which.
            return Report(ExitCode.Failure, fault.Message);
        }
        catch (OutOfMemoryException)
        {
            return Report(ExitCode.Failure, "There is not enough memory; try a smaller --context or a smaller model.");
        }
        catch (ModelFileException fault) when (fault.Error == ModelFileError.BadMagic)
        {
            return Report(ExitCode.Failure, $"{fault.Message.TrimEnd('.')}; if it is a checkpoint, {QuantizeHint}.");
        }
        catch (ChatTemplateException fault)
        {
            return Report(ExitCode.Failure, TemplateSentence(fault));
        }
        catch (Exception fault) when (fault is FailureException or ModelFileException or CheckpointException
            or TokenizerException or QuantizationException or KernelSelectionException or InferenceException
            or IOException or UnauthorizedAccessException)
        {
            return Report(ExitCode.Failure, fault.Message);
        }
    }

    /// <summary>Prints one sentence on standard error.</summary>
    public static int Report(int exitCode, string sentence)
    {
        Console.Error.WriteLine($"moredge: {Clean(sentence)}");
        return exitCode;
    }

    /// <summary>Prints one sentence on standard error; the work goes on.</summary>
    public static void Warn(string sentence) => Console.Error.WriteLine($"moredge: warning: {Clean(sentence)}");

    /// <summary>What a chat template says of itself, by raise_exception too, with the words that it is one.</summary>
    public static string TemplateSentence(ChatTemplateException fault) =>
        fault.Error == ChatTemplateError.UnsupportedConstruct ? fault.Message : $"The chat template: {fault.Message}";

    /// <summary>A sentence may quote a file, so it is made fit for a terminal and bounded.</summary>
    private static string Clean(string sentence) =>
        PlainText.Clean(LibraryNames.Translate(sentence).ReplaceLineEndings(" "), SentenceCharsMax);
}
