using System.Buffers.Binary;
using System.Text;

namespace MoREdge.Checkpoints.PyTorch;

/// <summary>
/// Runs the subset of Python's pickle machine that a PyTorch state dictionary needs. Any other instruction or name is
/// refused, so nothing in a file can make this program do more than build tuples, lists, dictionaries and tensor
/// descriptions.
/// </summary>
/// <remarks>Source: CPython's pickletools documentation of protocol 2 to 4; spec section 5.3.</remarks>
internal ref struct PickleMachine
{
    /// <summary>
    /// The most instructions run: 2,097,152. An honest state dictionary takes some 33 for a tensor, and the largest
    /// have some ten thousand tensors; this is room for as many as a model file holds. An instruction makes one object
    /// at most, of some 60 bytes, so that a hostile file costs its own bytes and 150 MB.
    /// </summary>
    public const int InstructionsMax = 1 << 21;

    private readonly ReadOnlySpan<byte> _code;
    private readonly Stack<object?> _stack = new();
    private readonly Dictionary<int, object?> _memo = [];
    private int _position;

    private PickleMachine(ReadOnlySpan<byte> code) => _code = code;

    /// <summary>The value that <paramref name="code"/> builds.</summary>
    /// <exception cref="CheckpointException">
    /// PickleMalformed, PickleOpcode, PickleGlobal or HeaderTooLarge.
    /// </exception>
    public static object? Run(ReadOnlySpan<byte> code)
    {
        PickleMachine machine = new(code);
        for (int count = 0; count < InstructionsMax; count++)
        {
            byte opcode = machine.Take(1)[0];
            if (opcode == (byte)'.')
            {
                return machine.Pop();
            }

            if (!machine.PushConstant(opcode) && !machine.Combine(opcode) && !machine.Remember(opcode))
            {
                throw new CheckpointException(
                    CheckpointError.PickleOpcode,
                    $"The pickle uses instruction 0x{opcode:x2} at byte {machine._position - 1}, which a "
                    + "checkpoint has no need of.");
            }
        }

        throw new CheckpointException(
            CheckpointError.HeaderTooLarge, $"The pickle has more than {InstructionsMax} instructions.");
    }

    /// <summary>Instructions that push something new.</summary>
    private bool PushConstant(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'N':
                _stack.Push(null);
                return true;
            case 0x88 or 0x89:
                _stack.Push(opcode == 0x88);
                return true;
            case (byte)'K':
                _stack.Push((long)Take(1)[0]);
                return true;
            case (byte)'M':
                _stack.Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort))));
                return true;
            case (byte)'J':
                _stack.Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int))));
                return true;
            case 0x8a:
                _stack.Push(TakeLong());
                return true;
            case (byte)'G':
                _stack.Push(BinaryPrimitives.ReadDoubleBigEndian(Take(sizeof(double))));
                return true;
            case (byte)'X':
                _stack.Push(TakeText(BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)))));
                return true;
            case 0x8c:
                _stack.Push(TakeText(Take(1)[0]));
                return true;
            case (byte)'}':
                _stack.Push(new PickleDictionary([]));
                return true;
            case (byte)']':
                _stack.Push(new PickleList([]));
                return true;
            case (byte)')':
                _stack.Push(new PickleTuple([]));
                return true;
            case (byte)'(':
                _stack.Push(PickleMark.Instance);
                return true;
            case (byte)'c':
                string module = TakeLine();
                _stack.Push(PickleGlobals.Resolve(module, TakeLine()));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Instructions that build one value from others on the stack.</summary>
    private bool Combine(byte opcode)
    {
        switch (opcode)
        {
            case (byte)'t':
                _stack.Push(new PickleTuple(PopToMark()));
                return true;
            case 0x85 or 0x86 or 0x87:
                _stack.Push(new PickleTuple(PopMany(opcode - 0x84)));
                return true;
            case (byte)'a':
                object? item = Pop();
                Top<PickleList>().Items.Add(item);
                return true;
            case (byte)'e':
                object?[] items = PopToMark();
                Top<PickleList>().Items.AddRange(items);
                return true;
            case (byte)'s':
                SetItems(PopMany(2));
                return true;
            case (byte)'u':
                SetItems(PopToMark());
                return true;
            case 0x93:
                object?[] names = PopMany(2);
                _stack.Push(PickleGlobals.Resolve(As<string>(names[0]), As<string>(names[1])));
                return true;
            case (byte)'Q':
                _stack.Push(PickleTensors.Storage(As<PickleTuple>(Pop())));
                return true;
            case (byte)'R':
                PickleTuple arguments = As<PickleTuple>(Pop());
                _stack.Push(PickleTensors.Call(As<PickleReference>(Pop()), arguments));
                return true;
            case (byte)'b':
                // The only state PyTorch sets is the version table of an OrderedDict, which loading does not need.
                Pop();
                Top<PickleDictionary>();
                return true;
            default:
                return false;
        }
    }

    /// <summary>Framing and the memo.</summary>
    private bool Remember(byte opcode)
    {
        switch (opcode)
        {
            case 0x80:
                Take(1);
                return true;
            case 0x95:
                Take(sizeof(ulong));
                return true;
            case (byte)'q':
                _memo[Take(1)[0]] = Peek();
                return true;
            case (byte)'r':
                _memo[BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)))] = Peek();
                return true;
            case 0x94:
                _memo[_memo.Count] = Peek();
                return true;
            case (byte)'h':
                _stack.Push(Recall(Take(1)[0]));
                return true;
            case (byte)'j':
                _stack.Push(Recall(BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)))));
                return true;
            default:
                return false;
        }
    }

    private void SetItems(object?[] items)
    {
        if (items.Length % 2 != 0)
        {
            throw Malformed("a dictionary key has no value");
        }

        PickleDictionary dictionary = Top<PickleDictionary>();
        for (int i = 0; i < items.Length; i += 2)
        {
            object key = items[i] ?? throw Malformed("a dictionary key is None");
            dictionary.Items.Add(new KeyValuePair<object, object?>(key, items[i + 1]));
        }
    }

    private ReadOnlySpan<byte> Take(uint count)
    {
        if (count > (uint)(_code.Length - _position))
        {
            throw Malformed("it ends inside an instruction");
        }

        ReadOnlySpan<byte> bytes = _code.Slice(_position, (int)count);
        _position += (int)count;
        return bytes;
    }

    private string TakeText(uint byteCount) => Encoding.UTF8.GetString(Take(byteCount));

    private string TakeLine()
    {
        int length = _code[_position..].IndexOf((byte)'\n');
        if (length < 0)
        {
            throw Malformed("a name has no end");
        }

        string line = Encoding.UTF8.GetString(Take((uint)length));
        Take(1);
        return line;
    }

    private long TakeLong()
    {
        ReadOnlySpan<byte> bytes = Take(Take(1)[0]);
        if (bytes.Length > sizeof(long))
        {
            throw Malformed("an integer has more than 64 bits");
        }

        long value = bytes.IsEmpty || bytes[^1] < 0x80 ? 0 : -1;
        for (int i = bytes.Length - 1; i >= 0; i--)
        {
            value = (value << 8) | bytes[i];
        }

        return value;
    }

    private readonly object? Peek() =>
        _stack.TryPeek(out object? value) ? value : throw Malformed("its stack is empty");

    private readonly object? Pop() => _stack.TryPop(out object? value) ? value : throw Malformed("its stack is empty");

    private readonly T Top<T>() => As<T>(Peek());

    private readonly object?[] PopMany(int count)
    {
        object?[] items = new object?[count];
        for (int i = count - 1; i >= 0; i--)
        {
            items[i] = Pop();
        }

        return items;
    }

    private readonly object?[] PopToMark()
    {
        List<object?> items = [];
        for (object? item = Pop(); !ReferenceEquals(item, PickleMark.Instance); item = Pop())
        {
            items.Add(item);
        }

        items.Reverse();
        return [.. items];
    }

    private readonly object? Recall(int index) =>
        _memo.TryGetValue(index, out object? value) ? value : throw Malformed($"its memo has no entry {index}");

    private static T As<T>(object? value) =>
        value is T typed ? typed : throw Malformed("a value has the wrong kind for its instruction");

    private static CheckpointException Malformed(string what) =>
        new(CheckpointError.PickleMalformed, $"The pickle is malformed: {what}.");
}
