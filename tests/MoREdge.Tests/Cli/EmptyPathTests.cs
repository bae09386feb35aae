namespace MoREdge.Tests.Cli;

/// <summary>Every option and argument that names a file, given a name that is none.</summary>
public sealed class EmptyPathTests
{
    /// <summary>EMPTY stands for the empty name, which no line of words can hold.</summary>
    [Theory]
    [InlineData("quantize EMPTY -o x", "SOURCE")]
    [InlineData("quantize x -o EMPTY", "--output")]
    [InlineData("quantize x -o y --tokenizer EMPTY", "--tokenizer")]
    [InlineData("quantize x -o y --mor-config EMPTY", "--mor-config")]
    [InlineData("quantize x -o y --report-text EMPTY", "--report-text")]
    [InlineData("inspect EMPTY", "FILE")]
    [InlineData("verify EMPTY", "FILE")]
    [InlineData("tokenize -m EMPTY", "--model")]
    [InlineData("detokenize -m EMPTY", "--model")]
    [InlineData("chat -m EMPTY", "--model")]
    [InlineData("generate -m EMPTY", "--model")]
    [InlineData("generate -f EMPTY", "--file")]
    [InlineData("perplexity -m EMPTY -f x", "--model")]
    [InlineData("perplexity -m x -f EMPTY", "--file")]
    [InlineData("perplexity -m x -f y --against EMPTY", "--against")]
    [InlineData("logits -m EMPTY --ids 1", "--model")]
    [InlineData("bench -m EMPTY", "--model")]
    [InlineData("bench --synthetic smollm2-135m --keep EMPTY", "--keep")]
    [InlineData("doctor EMPTY", "FILE")]
    public void Path_Empty_IsAUsageError(string line, string name) =>
        CliRunner.Run(Array.ConvertAll(line.Split(' '), word => word == "EMPTY" ? "" : word))
            .AssertRefused(2, $"moredge: {name} needs the name of a file");

    /// <summary>A file of that name may be there, and is out of reach; a result would go to another name.</summary>
    [Theory]
    [InlineData("inspect NAME", "FILE")]
    [InlineData("generate -m NAME", "--model")]
    [InlineData("perplexity -m mor-commands -f NAME", "--file")]
    [InlineData("quantize x -o NAME", "--output")]
    public void Path_NotUtf8_IsAUsageError(string line, string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Names of files are bytes on Linux.");
        CliRunner.RunShell($"$MOREDGE {line.Replace("NAME", "$'m\\xff.gguf'", StringComparison.Ordinal)}")
            .AssertRefused(2, $"moredge: {name} needs the name of a file in UTF-8: 'm");
    }
}
