using System.Text;

namespace MoREdge.Tests.Checkpoints.PyTorch;

/// <summary>Writes pickles and PyTorch zips by hand, opcode by opcode, as torch.save of protocol 2 does.</summary>
internal sealed class PickleWriter
{
    private readonly List<byte> _code = [];

    public PickleWriter() => Raw(0x80, 2).Global("collections", "OrderedDict").Raw(')', 'R');

    public PickleWriter Raw(params ReadOnlySpan<int> bytes)
    {
        foreach (int value in bytes)
        {
            _code.Add((byte)value);
        }

        return this;
    }

    public PickleWriter Global(string module, string name)
    {
        _code.AddRange(Encoding.UTF8.GetBytes($"c{module}\n{name}\n"));
        return this;
    }

    public PickleWriter Text(string text)
    {
        _code.Add((byte)'X');
        _code.AddRange(BitConverter.GetBytes(text.Length));
        _code.AddRange(Encoding.UTF8.GetBytes(text));
        return this;
    }

    public PickleWriter Integer(int value)
    {
        _code.Add((byte)'J');
        _code.AddRange(BitConverter.GetBytes(value));
        return this;
    }

    /// <summary>name: _rebuild_tensor_v2(storage, offset, size, stride, False, OrderedDict()).</summary>
    public PickleWriter Tensor(
        string name, string key, int elements, int offset, int[] size, int[] stride, string storage = "FloatStorage")
    {
        Text(name).Global("torch._utils", "_rebuild_tensor_v2").Raw('(', '(').Text("storage").Global("torch", storage);
        Text(key).Text("cpu").Integer(elements).Raw('t', 'Q').Integer(offset);
        return Tuple(size).Tuple(stride).Raw(0x89).Global("collections", "OrderedDict").Raw(')', 'R', 't', 'R', 's');
    }

    public byte[] End() => [.. Raw('.')._code];

    private PickleWriter Tuple(int[] values)
    {
        Raw('(');
        foreach (int value in values)
        {
            Integer(value);
        }

        return Raw('t');
    }
}
