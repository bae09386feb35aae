using System.CommandLine;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>moredge doctor: what this machine is, and whether a model fits it.</summary>
internal sealed class DoctorVerb
{
    private const double ProbeSeconds = 0.4;

    private readonly Argument<string?> _file = new Argument<string?>("FILE")
    {
        Description = $"A model file, or {BuiltInModel.NamesHelp}: will it fit? Only its header is read.",
        Arity = ArgumentArity.ZeroOrOne,
    }.NamesFile();

    private readonly Option<bool> _selfTest = new("--self-test")
    {
        Description = "Compare every kernel set of this machine with the scalar reference (about a second); exit code "
            + "1 when "
            + "one disagrees.",
    };

    private readonly Option<string?> _memory = new("--memory")
    {
        Description = "Will the FILE fit a machine that leaves it so much memory, such as 425M or 2G (powers of "
            + "1,024)? Linux keeps about 90 MB of a board's 512 for itself. [default: what this machine has left]",
        HelpName = "SIZE",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print the report as JSON." };

    private readonly ModelOptions _options;

    private DoctorVerb(Command command)
    {
        command.Arguments.Add(_file);
        command.Options.Add(_selfTest);
        command.Options.Add(_memory);
        command.Options.Add(_json);
        _options = new ModelOptions(command);
    }

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new(
            "doctor",
            "Show what this machine offers: processor, kernel set and why, memory, measured read bandwidth; and "
                + "whether a "
            + "model fits before anything of it is loaded.\n\n"
            + "Verdicts: 'fits'; 'will page' - the weights are mapped and parts of them are read from the disk again "
            + "for every "
            + "token; 'refuse' - caches and buffers alone do not fit (exit code 1).\n\n"
            + "Examples:\n"
            + "  moredge doctor\n"
            + "  moredge doctor model.gguf --context 2048\n"
            + "  moredge doctor model.gguf --context 2048 --memory 425M\n"
            + "  MOREDGE_KERNELS=scalar moredge doctor --self-test");
        DoctorVerb verb = new(command);
        command.SetAction(verb.Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        string? path = result.GetValue(_file);
        if (path is null && _options.HasSequenceOptions(result))
        {
            throw new UsageException("Options of how a model is run, such as --context and --kv-format, need a FILE.");
        }

        long? memory = result.GetValue(_memory) is { } size ? ByteText.Parse(_memory.Name, size) : null;
        if (path is null && memory is not null)
        {
            throw new UsageException("--memory needs a FILE.");
        }

        KernelSet kernels = ModelOptions.Kernels();
        int threads = _options.Threads(result);
        using GgufFile? file = path is null ? null : OpenedModel.OpenFile(path);
        MemoryEstimate? estimate = file is null ? null : Estimate(file, result, threads);

        // More threads than processors take turns, and a small part of the buffer is read again from a cache meanwhile.
        int readers = Math.Min(threads, Environment.ProcessorCount);
        double bytesPerSecond = MeasureBandwidth(kernels, readers, BandwidthProbe.BytesDefault);
        DoctorReport report = new()
        {
            Kernels = kernels,
            Threads = threads,
            Readers = readers,
            BytesPerSecond = bytesPerSecond,
            WeightBytesPerSecond = file?.FileBytes < BandwidthProbe.BytesDefault
                ? MeasureBandwidth(kernels, readers, file.FileBytes)
                : bytesPerSecond,
            FileName = path,
            Estimate = estimate,
            AvailableBytes = memory ?? Machine.AvailableBytes,
            IsOtherMachine = memory is not null,
            SelfTests = result.GetValue(_selfTest) ? KernelSelfTest.Run() : null,
        };
        if (result.GetValue(_json))
        {
            report.WriteJson();
        }
        else
        {
            report.WriteText();
        }

        return report.IsHealthy ? ExitCode.Success : ExitCode.Failure;
    }

    /// <summary>What chat and generate would take with the same options.</summary>
    private MemoryEstimate Estimate(GgufFile file, ParseResult result, int threads)
    {
        int trained = ModelConfigReader.Read(file).ContextLength;
        int context = Math.Min(trained, ModelOptions.ContextDefaultMax);
        return new MemoryEstimate(file, _options.Sequence(result, context), threads);
    }

    private static double MeasureBandwidth(KernelSet kernels, int threads, long byteCount)
    {
        using BandwidthProbe probe = new(kernels, Math.Min(byteCount, (Machine.AvailableBytes ?? long.MaxValue) / 4));
        return probe.Measure(threads, ProbeSeconds);
    }
}
