using System.Text.Json;
using MoREdge.Kernels;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Cli;

public sealed class DoctorVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Json_WithFile_TellsWhetherItFits()
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        CliResult result = CliRunner.Run("doctor", path, "--context", "32", "--self-test", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement model = json.RootElement.GetProperty("model");
        Assert.Equal("fits", model.GetProperty("verdict").GetString());
        Assert.Equal(new FileInfo(path).Length, model.GetProperty("file_bytes").GetInt64());

        // 2 layers, keys and values, float32, 32 tokens.
        Assert.Equal(2 * 2 * ByteModel.KvDim * 4 * 32, model.GetProperty("kv_bytes").GetInt64());
        Assert.True(json.RootElement.GetProperty("read_bytes_per_second").GetDouble() > 0);
        Assert.Equal(KernelSelector.Supported.Count, json.RootElement.GetProperty("self_tests").GetArrayLength());
    }

    /// <summary>Scores of layers with a window are of the window, so beyond it only rotary tables grow.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(0)]
    public void Json_Workspace_HoldsTheScoresThatThereAre(int window)
    {
        string path = new ByteModel { Window = window }.Write(_folder.File("m.gguf"));
        long Bytes(int context)
        {
            CliResult result = CliRunner.Run("doctor", path, "--threads", "1", "--context", $"{context}", "--json");
            Assert.True(result.ExitCode == 0, result.Error);
            using JsonDocument json = JsonDocument.Parse(result.Output);
            return json.RootElement.GetProperty("model").GetProperty("workspace_bytes").GetInt64();
        }

        // Cosines and sines of a head of 8 columns per token; one row of scores from 65,536 tokens on.
        int tokenBytes = (ByteModel.ModelDim / 4 * sizeof(float)) + (window == 0 ? sizeof(float) : 0);
        Assert.Equal(100_000 * tokenBytes, Bytes(200_000) - Bytes(100_000));
    }

    /// <summary>A small file lies in the caches, so that memory is not what bounds it.</summary>
    [Fact]
    public void Json_BoundOfTheSpeed_IsThatOfABufferOfTheFilesSize()
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        CliResult result = CliRunner.Run("doctor", path, "--threads", "1", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement model = json.RootElement.GetProperty("model");
        double bandwidth = model.GetProperty("weight_read_bytes_per_second").GetDouble();
        Assert.NotEqual(json.RootElement.GetProperty("read_bytes_per_second").GetDouble(), bandwidth);
        Assert.Equal(
            bandwidth / model.GetProperty("weight_bytes_per_token").GetDouble(),
            model.GetProperty("decode_tokens_per_second_max").GetDouble(), 1e-3);
    }

    /// <summary>Threads that have no processor read nothing that the others could not.</summary>
    [Fact]
    public void Bandwidth_WithMoreThreadsThanProcessors_IsReadByAsManyAsThereAre()
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        int readers = Math.Min(Environment.ProcessorCount, 256);
        CliResult json = CliRunner.Run("doctor", path, "--threads", "256", "--json");
        Assert.True(json.ExitCode == 0, json.Error);
        using JsonDocument report = JsonDocument.Parse(json.Output);
        Assert.Equal(readers, report.RootElement.GetProperty("read_threads").GetInt32());
        Assert.Equal(256, report.RootElement.GetProperty("threads").GetInt32());
        CliResult text = CliRunner.Run("doctor", path, "--threads", "256");
        Assert.Contains($"read with {readers} threads", text.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("f32", 4 * ByteModel.KvDim * 2)]
    [InlineData("f16", 2 * ByteModel.KvDim * 2)]
    [InlineData("q8", (2 * 32) + ByteModel.KvDim + (4 * 2))]
    public void Json_KvFormat_CountsItsBytes(string format, int layerBytes)
    {
        // Two heads of 8 columns: keys of int8 take whole groups of 32.
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        CliResult result = CliRunner.Run("doctor", path, "--context", "32", "--kv-format", format, "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement model = json.RootElement.GetProperty("model");
        Assert.Equal(2 * layerBytes, model.GetProperty("kv_bytes_per_token").GetInt32());
    }

    [Fact]
    public void Json_OfLayersWithAWindow_CountsWhatTheyKeep()
    {
        string path = new ByteModel { Window = 20 }.Write(_folder.File("m.gguf"));
        CliResult result = CliRunner.Run("doctor", path, "--context", "8192", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement model = json.RootElement.GetProperty("model");

        // The window, 64 tokens to take back, a pass of 256 rows, in whole tiles of 8, and a tile.
        const int TokenBytes = 2 * 2 * ByteModel.KvDim * 4;
        Assert.Equal(352 * TokenBytes, model.GetProperty("kv_bytes").GetInt64());
        Assert.Equal(TokenBytes, model.GetProperty("kv_bytes_per_token").GetInt64());
        Assert.Equal(0, model.GetProperty("kv_bytes_per_later_token").GetInt64());
        CliResult text = CliRunner.Run("doctor", path, "--context", "8192");
        Assert.Contains("each, 0 B behind the windows, F32)", text.Output, StringComparison.Ordinal);
    }

    /// <summary>A verdict is about the text that chat and generate would start, or it is about none.</summary>
    [Theory]
    [InlineData(64, 64)]
    [InlineData(131_072, 4096)]
    public void Context_ThatNobodyAskedFor_IsThatOfAChat(int trained, int expected)
    {
        string path = new ByteModel { ContextLength = trained }.Write(_folder.File("m.gguf"));

        CliResult result = CliRunner.Run("doctor", path, "--threads", "1", "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement model = json.RootElement.GetProperty("model");
        Assert.Equal(expected, model.GetProperty("context_tokens").GetInt32());
        Assert.Equal(2 * 2 * ByteModel.KvDim * 4 * expected, model.GetProperty("kv_bytes").GetInt64());
    }

    [Theory]
    [InlineData(1, "--context or --kv-format q8")]
    [InlineData(2, "--context, --kv-format q8 or --kv shared")]
    public void Refusal_OfAModel_NamesWhatThatModelTakes(int recursions, string options)
    {
        string path = new ByteModel { RecursionCount = recursions }.Write(_folder.File("m.gguf"));
        CliResult result = CliRunner.Run("doctor", path, "--threads", "1", "--memory", "1");
        Assert.Equal(1, result.ExitCode);
        string verdict = $"refuse: not enough memory; try a smaller {options}\n";
        Assert.Contains(verdict, result.Output, StringComparison.Ordinal);
    }

    /// <summary>What lies in /dev/shm is charged to the group of who wrote it and cannot be taken away.</summary>
    [Fact]
    public void Container_OfWhichOthersUseAPart_LeavesTheRest()
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        CliResult result = CliRunner.RunShell(
            $$"""
            base=/sys/fs/cgroup limit=memory.max
            [ ! -d $base/memory ] || base=$base/memory limit=memory.limit_in_bytes
            group=$base/moredge-doctor-$$ held=/dev/shm/moredge-doctor-$$
            mkdir $group || exit 77
            trap 'rm -f $held; echo $$ >$base/cgroup.procs; rmdir $group' EXIT
            { echo 512M >$group/$limit && echo $$ >$group/cgroup.procs; } || exit 77
            head -c 256M /dev/zero >$held || exit 77
            $MOREDGE doctor '{{path}}' --threads 1 --json
            """);
        Assert.SkipWhen(result.ExitCode == 77, "No control group of one's own can be made here.");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument json = JsonDocument.Parse(result.Output);
        Assert.Equal(512L << 20, json.RootElement.GetProperty("memory_limit_bytes").GetInt64());
        long available = json.RootElement.GetProperty("model").GetProperty("available_bytes").GetInt64();
        Assert.InRange(available, 64L << 20, 256L << 20);
    }

    [Fact]
    public void Memory_OfAnotherMachine_DecidesTheVerdict()
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        JsonElement Model(int exitCode, string memory)
        {
            CliResult result = CliRunner.Run(
                "doctor", path, "--context", "32", "--threads", "1", "--memory", memory, "--json");
            Assert.True(result.ExitCode == exitCode, result.Error);
            using JsonDocument json = JsonDocument.Parse(result.Output);
            return json.RootElement.GetProperty("model").Clone();
        }

        JsonElement model = Model(0, "2G");
        Assert.Equal(2L << 30, model.GetProperty("available_bytes").GetInt64());
        long total = model.GetProperty("total_bytes").GetInt64();
        long file = model.GetProperty("file_bytes").GetInt64();
        string Verdict(int exitCode, long bytes) => Model(exitCode, $"{bytes}").GetProperty("verdict").GetString()!;
        Assert.Equal("fits", Verdict(0, total));
        Assert.Equal("will page", Verdict(0, total - 1));
        Assert.Equal("refuse", Verdict(1, total - file - 1));
        CliResult text = CliRunner.Run("doctor", path, "--memory", "64M");
        Assert.Contains("of 67.1 MB, as asked for with --memory", text.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("M")]
    [InlineData("5T")]
    [InlineData("-1M")]
    [InlineData("99999999999G")]
    public void Memory_ThatIsNoSize_IsRefused(string size) =>
        CliRunner.Run("doctor", "any.gguf", $"--memory={size}").AssertRefused(2, "--memory");

    [Fact]
    public void Text_WithForcedKernels_NamesThem()
    {
        CliResult result = CliRunner.Run(
            ["doctor", "--threads", "1"], "", (KernelSelector.EnvironmentVariable, "scalar"));
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("scalar was asked for", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Arguments_Wrong_AreOneSentence()
    {
        CliRunner.Run("doctor", "--context", "10").AssertRefused(2, "FILE");
        CliRunner.Run("doctor", "--memory", "2G").AssertRefused(2, "FILE");
        CliRunner.Run("doctor", _folder.File("none.gguf")).AssertRefused(1, "no such file");
        CliRunner.Run("doctor", _folder.Write("empty.gguf", [])).AssertRefused(1, "empty.gguf");
        CliRunner.Run(["doctor"], "", (KernelSelector.EnvironmentVariable, "mmx")).AssertRefused(1, "mmx");
    }
}
