using System.Text.Json;

namespace MoREdge.Tests.Cli;

/// <summary>What stands under the name that a result shall have: replaced, written through, or left alone.</summary>
public sealed class OutputFileTests(CliFolder folder) : IClassFixture<CliFolder>
{
    [Fact]
    public void Quantize_OverAPipe_IsRefusedAndThePipeStays()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mkfifo is a command of Unix.");
        string pipe = folder["pipe"];
        Assert.Equal(0, CliRunner.RunShell($"mkfifo '{pipe}'").ExitCode);

        CliRunner.Run("quantize", folder.Source, "-o", pipe, "--force").AssertRefused(1, "not a file");

        Assert.Equal(0, CliRunner.RunShell($"[ -p '{pipe}' ]").ExitCode);
    }

    /// <summary>A dash is standard output to whoever writes it, and nobody looks for a file of that name.</summary>
    [Theory]
    [InlineData("quantize SOURCE -o -", "--output")]
    [InlineData("quantize SOURCE --output - --force", "--output")]
    [InlineData("bench --synthetic smollm2-135m --keep -", "--keep")]
    public void Output_ADash_IsAUsageError(string line, string option) =>
        CliRunner.Run(line.Replace("SOURCE", folder.Source, StringComparison.Ordinal).Split(' '))
            .AssertRefused(2, $"{option} needs the name of a file: a model file does not go to standard output");

    /// <summary>Without --force, so that even where the check fails the device is left alone.</summary>
    [Theory]
    [InlineData("/dev/null")]
    [InlineData("/dev/stdout")]
    public void Quantize_OverADevice_IsRefused(string device)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Devices are files on Unix.");
        CliRunner.Run("quantize", folder.Source, "-o", device).AssertRefused(1, $"{device}: is a device");
    }

    [Fact]
    public void Quantize_OverAnEmptyFile_ReplacesIt()
    {
        string target = folder.Write("empty-target.gguf", []);

        Assert.Equal(0, CliRunner.Run("quantize", folder.Source, "-o", target, "--force").ExitCode);

        Assert.Equal("GGUF", File.ReadAllText(target)[..4]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Quantize_ThroughALink_WritesWhatItLeadsTo(bool exists)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        string target = folder[$"target-{exists}.gguf"];
        string link = folder[$"link-{exists}.gguf"];
        if (exists)
        {
            File.WriteAllText(target, "older");
        }

        File.CreateSymbolicLink(link, Path.GetFileName(target));
        CliResult result = CliRunner.Run("quantize", folder.Source, "-o", link, exists ? "--force" : "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(Path.GetFileName(target), new FileInfo(link).LinkTarget);
        Assert.Equal("GGUF", File.ReadAllText(target)[..4]);
    }

    /// <summary>The same file by another name, on the way of which a folder is a link.</summary>
    [Theory]
    [InlineData("model.gguf", "model.gguf", "source itself")]
    [InlineData("source", "source/config.json", "belongs to the source")]
    public void Quantize_OverTheSourceThroughALinkedFolder_IsRefused(string source, string target, string part)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        string alias = Path.Combine(folder["alias-" + source], target);
        Directory.CreateSymbolicLink(folder["alias-" + source], Path.GetDirectoryName(folder[source])!);
        byte[] before = File.ReadAllBytes(alias);

        CliRunner.Run("quantize", folder[source], "-o", alias, "--force").AssertRefused(1, part);

        Assert.Equal(before, File.ReadAllBytes(alias));
    }

    [Fact]
    public void Quantize_OverATextThatItReads_IsRefused()
    {
        string text = folder.Write("read-too.txt", "A text."u8.ToArray());

        CliRunner.Run("quantize", folder.Source, "-o", text, "--report-text", text, "--force")
            .AssertRefused(1, "belongs to the source");

        Assert.Equal("A text.", File.ReadAllText(text));
    }

    [Fact]
    public void Quantize_ThroughLinksInACircle_IsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        Directory.CreateSymbolicLink(folder["there"], Path.Combine("back", "x"));
        Directory.CreateSymbolicLink(folder["back"], Path.Combine("there", "y"));

        CliRunner.Run("quantize", folder.Source, "-o", Path.Combine(folder["there"], "a.gguf")).AssertRefused(1, "");
    }

    /// <summary>Files in the caches of Hugging Face are links.</summary>
    [Fact]
    public void Quantize_SourceThatIsALink_IsReportedWithTheSizeOfTheFile()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        string file = folder["linked-source.gguf"];
        string link = folder["source-link.gguf"];
        Assert.Equal(0, CliRunner.Run("quantize", folder.Source, "-o", file).ExitCode);
        File.CreateSymbolicLink(link, Path.GetFileName(file));

        CliResult result = CliRunner.Run("quantize", link, "-o", folder["of-a-link.gguf"], "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument report = JsonDocument.Parse(result.Output);
        Assert.Equal(new FileInfo(file).Length, report.RootElement.GetProperty("source_bytes").GetInt64());
    }
}
