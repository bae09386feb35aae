using MoREdge.Inference;
using MoREdge.Kernels;
using MoREdge.Model;
using MoREdge.ModelFile;
using MoREdge.Tensors;
using MoREdge.Tests.Cli;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Inference;

/// <summary>What is checked before a model speaks.</summary>
public sealed class LocalModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_SmallFileWithAFlippedByte_IsRefusedAtOnce()
    {
        byte[] bytes = File.ReadAllBytes(BuiltInModel.FilePath);
        bytes[^100_000] ^= 1;
        string path = _folder.Write("damaged.gguf", bytes);

        ModelFileException fault = Assert.Throws<ModelFileException>(() => Open(path));

        Assert.Equal(ModelFileError.TensorDigestMismatch, fault.Error);
    }

    [Fact]
    public void IntegrityCheck_LargeFileWithAFlippedByte_IsFoundInTheBackground()
    {
        string path = WriteLargeFileWithAFlippedByte();

        using GgufFile file = GgufFile.Open(path);
        using IntegrityCheck check = new(file);

        ModelFileException fault = Assert.Throws<ModelFileException>(() => check.Wait());
        Assert.Equal(ModelFileError.TensorDigestMismatch, fault.Error);
        Assert.True(check.IsComplete);
        Assert.Throws<ModelFileException>(check.ThrowIfDamaged);
    }

    [Fact]
    public async Task IntegrityCheck_DamageUnderABatch_EndsEveryRequest()
    {
        string path = WriteLargeFileWithAFlippedByte();

        using GgufFile file = GgufFile.Open(path);
        using IntegrityCheck check = new(file);
        Assert.Throws<ModelFileException>(() => check.Wait());
        using LocalModel model = Open(BuiltInModel.FilePath);
        using BatchScheduler scheduler = new(
            model.Network, model.Tokenizer, check, new SequenceOptions(),
            new BatchSchedulerOptions { Limits = new BatchOptions { SequencesMax = 1 } });
        BatchRequest request = new() { Prompt = new[] { 1, 2 } };
        BatchAnswer running = scheduler.Submit(request);
        BatchAnswer waiting = scheduler.Submit(request);

        Assert.Throws<ModelFileException>(() => scheduler.Run(TestContext.Current.CancellationToken));

        await Assert.ThrowsAsync<ModelFileException>(() => running.Completion);
        await Assert.ThrowsAsync<ModelFileException>(() => waiting.Completion);
        Assert.Equal((0, 0), (scheduler.RunningCount, scheduler.WaitingCount));
    }

    [Fact]
    public void IntegrityCheck_LargeIntactFile_IsComplete()
    {
        using GgufFile file = GgufFile.Open(WriteLargeFile());
        using IntegrityCheck check = new(file);
        Assert.False(check.IsComplete);

        check.Wait();

        Assert.True(check.IsComplete);
        check.ThrowIfDamaged();
    }

    /// <summary>Reading gigabytes from a card takes minutes.</summary>
    [Fact]
    public void IntegrityCheck_WaitThatIsCancelled_EndsBeforeTheVerification()
    {
        HeldScheduler scheduler = new();
        using GgufFile file = GgufFile.Open(WriteLargeFile());
        using IntegrityCheck check = new(file, scheduler);
        using CancellationTokenSource source = new(50);

        Assert.ThrowsAny<OperationCanceledException>(() => check.Wait(source.Token));

        Assert.False(check.IsComplete);
        scheduler.Run();
        check.Wait(TestContext.Current.CancellationToken);
        Assert.True(check.IsComplete);
    }

    /// <summary>"Intact" would be a guess.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void IntegrityCheck_DisposedBeforeTheEnd_IsNotComplete(bool isStarted)
    {
        HeldScheduler scheduler = new();
        using GgufFile file = GgufFile.Open(WriteLargeFile());
        IntegrityCheck check = new(file, scheduler);
        if (isStarted)
        {
            check.Start();
            Thread disposal = new(check.Dispose);
            disposal.Start();
            while (disposal.ThreadState != ThreadState.WaitSleepJoin)
            {
                Thread.Sleep(1);
            }

            scheduler.Run();
            disposal.Join();
        }

        check.Dispose();

        ObjectDisposedException refusal = Assert.Throws<ObjectDisposedException>(() => check.Wait());
        Assert.Contains(nameof(IntegrityCheck), refusal.ObjectName, StringComparison.Ordinal);
        Assert.False(check.IsComplete);
    }

    [Fact]
    public void IntegrityCheck_DisposedBehindTheEnd_StaysComplete()
    {
        using GgufFile file = GgufFile.Open(WriteLargeFile());
        IntegrityCheck check = new(file);
        check.Wait();

        check.Dispose();

        check.Wait();
        Assert.True(check.IsComplete);
    }

    [Fact]
    public void VerifyTensor_Cancelled_EndsWithinTheTensor()
    {
        using GgufFile file = GgufFile.Open(WriteLargeFile());

        Assert.Throws<OperationCanceledException>(() => file.VerifyTensor(file.Tensors[0], new(canceled: true)));
        file.VerifyTensor(file.Tensors[0], TestContext.Current.CancellationToken);
    }

    [Fact]
    public void IntegrityCheck_LargeFile_IsLeftAloneUntilTheFirstToken()
    {
        using GgufFile file = GgufFile.Open(WriteLargeFile());
        IntegrityCheck check = new(file);
        check.ThrowIfDamaged();

        // Nothing has started, so there is nothing to wait for.
        check.Dispose();

        Assert.False(check.IsComplete);
    }

    /// <summary>As in a container whose limit of threads is reached.</summary>
    [Fact]
    public void IntegrityCheck_NoThreadToBeHad_VerifiesAtOnce()
    {
        using GgufFile file = GgufFile.Open(WriteLargeFileWithAFlippedByte());
        using IntegrityCheck check = new(file, new ThreadlessScheduler());

        check.Start();

        Assert.True(check.IsComplete);
        ModelFileException fault = Assert.Throws<ModelFileException>(check.ThrowIfDamaged);
        Assert.Equal(ModelFileError.TensorDigestMismatch, fault.Error);
    }

    [Fact]
    public void Open_TokenizerLargerThanTheEmbedding_IsRefused()
    {
        string path = new ByteModel { EmbeddingRows = ByteModel.VocabSize - 1 }.Write(_folder.File("m.gguf"));

        InferenceException fault = Assert.Throws<InferenceException>(() => Open(path));

        Assert.Equal(InferenceError.TokenizerMismatch, fault.Error);
    }

    [Fact]
    public void Tokenizer_OfAModelWithout_IsRefused()
    {
        using LocalModel model = Open(new ByteModel { HasTokenizer = false }.Write(_folder.File("m.gguf")));

        Assert.False(model.HasTokenizer);
        InferenceException fault = Assert.Throws<InferenceException>(() => model.Tokenizer);
        Assert.Equal(InferenceError.NoTokenizer, fault.Error);
    }

    [Fact]
    public void ChatSession_ModelWithoutATemplate_IsRefused()
    {
        using LocalModel model = Open(new ByteModel().Write(_folder.File("m.gguf")));
        using GenerationSession session = model.StartSession(new SequenceOptions(), BuiltInModel.Greedy);

        InferenceException fault = Assert.Throws<InferenceException>(
            () => new ChatSession(model, session, systemPrompt: null));

        Assert.Equal(InferenceError.NoChatTemplate, fault.Error);
        Assert.Contains("use GenerationSession.Generate", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Behind an end token a model begins another text.</summary>
    [Fact]
    public void Encode_TokenizerThatEndsTexts_LeavesAPromptOpen()
    {
        using LocalModel model = Open(new ByteModel { AddsEnd = true }.Write(_folder.File("m.gguf")));
        using GenerationSession session = model.StartSession(new SequenceOptions(), BuiltInModel.Greedy);

        Assert.Equal(['a', 'b', ByteModel.EndId], model.Tokenizer.Encode("ab"));
        Assert.Equal(['a', 'b'], session.Encode("ab"));
        Assert.Equal([ByteModel.BeginId], session.Encode(""));
    }

    [Fact]
    public void Open_DamagedFile_IsClosedAgain()
    {
        byte[] bytes = File.ReadAllBytes(BuiltInModel.FilePath);
        bytes[^100_000] ^= 1;
        string path = _folder.Write("damaged.gguf", bytes);

        Assert.Throws<ModelFileException>(() => Open(path));

        using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.DoesNotContain(path, MappedFiles(), StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_AfterTheModelWasDisposed_IsRefused()
    {
        LocalModel model = Open(new ByteModel().Write(_folder.File("m.gguf")));
        using GenerationSession session = model.StartSession(new SequenceOptions(), BuiltInModel.Greedy);
        using BatchScheduler batch = model.StartBatch(new SequenceOptions(), new BatchSchedulerOptions());

        model.Dispose();

        GenerationOptions one = new() { TokenLimit = 1 };
        Assert.Throws<ObjectDisposedException>(() => session.Generate([1, 2], one, false, _ => { }, default));
        Assert.Throws<ObjectDisposedException>(() => batch.Submit(new BatchRequest { Prompt = new[] { 1, 2 } }));
        Assert.Throws<ObjectDisposedException>(() => model.StartSession(new SequenceOptions(), BuiltInModel.Greedy));
        Assert.Throws<ObjectDisposedException>(
            () => model.StartBatch(new SequenceOptions(), new BatchSchedulerOptions()));
    }

    /// <summary>
    /// Reading what is gone would end the process. One byte is enough to be seen, and the page that it lay on is still
    /// there.
    /// </summary>
    [Fact]
    public async Task Generate_FileThatWasCutShort_IsRefused()
    {
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        using LocalModel model = Open(path);
        using GenerationSession session = model.StartSession(new SequenceOptions(), BuiltInModel.Greedy);
        using BatchScheduler batch = model.StartBatch(new SequenceOptions(), new BatchSchedulerOptions());
        GenerationOptions one = new() { TokenLimit = 1 };
        session.Generate([1, 2], one, startsText: false, _ => { }, default);
        BatchAnswer answer = batch.Submit(new BatchRequest { Prompt = new[] { 1, 2 }, Options = one });

        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(stream.Length - 1);
        }

        ModelFileException fault = Assert.Throws<ModelFileException>(
            () => session.Generate([1, 2, 3], one, startsText: false, _ => { }, default));
        Assert.Equal(ModelFileError.TruncatedData, fault.Error);
        Assert.Equal([1, 2], session.Ids);
        Assert.Throws<ModelFileException>(() => batch.Run(TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ModelFileException>(() => answer.Completion);
    }

    /// <summary>As many bytes as before, of which an answer would be half of one model and half of another.</summary>
    [Fact]
    public void Generate_FileThatWasWrittenTo_IsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets nobody write to an open model.");
        string path = new ByteModel().Write(_folder.File("m.gguf"));
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
        using LocalModel model = Open(path);
        using GenerationSession session = model.StartSession(new SequenceOptions(), BuiltInModel.Greedy);
        GenerationOptions one = new() { TokenLimit = 1 };
        session.Generate([1, 2], one, startsText: false, _ => { }, default);

        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.Write(File.ReadAllBytes(new ByteModel { Seed = 2 }.Write(_folder.File("other.gguf"))));
        }

        ModelFileException fault = Assert.Throws<ModelFileException>(
            () => session.Generate([1, 2, 3], one, startsText: false, _ => { }, default));
        Assert.Equal(ModelFileError.ChangedWhileOpen, fault.Error);
    }

    [Fact]
    public void Dispose_Again_DoesNothing()
    {
        LocalModel model = Open(new ByteModel().Write(_folder.File("m.gguf")));
        model.Dispose();

        model.Dispose();

        Assert.Throws<ObjectDisposedException>(() => model.Network.CheckIds([1]));
    }

    /// <summary>An embedding may be padded; ids of the padding have logits, but no text.</summary>
    [Fact]
    public async Task Generate_PromptIdOfThePadding_IsNoErrorUnderARepeatPenalty()
    {
        ByteModel padded = new() { EmbeddingRows = ByteModel.VocabSize + 7 };
        using LocalModel model = Open(padded.Write(_folder.File("m.gguf")));
        int[] prompt = [1, ByteModel.VocabSize + 3, 3];
        SamplerOptions sampler = new() { Temperature = 0, RepeatPenalty = 1.1f };
        GenerationOptions three = new() { TokenLimit = 3, IgnoreEndOfSequence = true };
        using GenerationSession session = model.StartSession(new SequenceOptions(), sampler);
        using BatchScheduler batch = model.StartBatch(new SequenceOptions(), new BatchSchedulerOptions());
        BatchAnswer answer = batch.Submit(new BatchRequest { Prompt = prompt, Sampler = sampler, Options = three });

        GenerationStats stats = session.Generate(prompt, three, startsText: false, _ => { }, default);
        batch.Run(TestContext.Current.CancellationToken);

        Assert.Equal((3, 3), (stats.GeneratedTokens, (await answer.Completion).GeneratedTokens));
    }

    private static LocalModel Open(string path) => LocalModel.Open(path, KernelSelector.Best, threadCount: 1);

    private static string MappedFiles() =>
        OperatingSystem.IsLinux() ? File.ReadAllText("/proc/self/maps") : "";

    /// <summary>One tensor of zeros, just too large to be verified when it is opened.</summary>
    private string WriteLargeFileWithAFlippedByte()
    {
        string path = WriteLargeFile();
        using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite);
        stream.Seek(-1000, SeekOrigin.End);
        stream.WriteByte(1);
        return path;
    }

    private string WriteLargeFile()
    {
        string path = _folder.File("large.gguf");
        GgufMetadata metadata = new();
        metadata.Set(MetadataKeys.Architecture, GgufValue.FromString("llama"));
        int count = (int)(IntegrityCheck.ForegroundBytesMax / sizeof(float)) + 1024;
        GgufTensorPlan plan = new(TensorNames.TokenEmbedding, new TensorShape(count), ElementType.F32);
        using GgufWriter writer = new(path, metadata, [plan]);
        writer.Write(new byte[plan.ByteCount]);
        writer.Finish();
        return path;
    }

    /// <summary>Keeps what it is given until it is told to run it.</summary>
    private sealed class HeldScheduler : TaskScheduler
    {
        private readonly List<Task> _tasks = [];

        public void Run() => _tasks.ForEach(task => TryExecuteTask(task));

        protected override IEnumerable<Task> GetScheduledTasks() => _tasks;

        protected override void QueueTask(Task task) => _tasks.Add(task);

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;
    }

    /// <summary>Fails as the default one does where the system starts no more threads.</summary>
    private sealed class ThreadlessScheduler : TaskScheduler
    {
        protected override IEnumerable<Task> GetScheduledTasks() => [];

        protected override void QueueTask(Task task) => throw new InsufficientMemoryException();

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;
    }
}
