using System.Diagnostics;

namespace MoREdge.Tokenization;

/// <summary>Merges symbols until no rule applies: a heap over a linked list, O(n log n) in the symbol count.</summary>
internal sealed class BpeMerger(MergeRule rule)
{
    private Symbol[] _symbols = new Symbol[64];
    private long[] _heap = new long[128];
    private int _heapCount;

    /// <summary>Number of symbols before merging.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// One symbol; after <see cref="Merge"/> only those reached from 0 by <see cref="Symbol.Next"/> are alive.
    /// </summary>
    public ref readonly Symbol this[int index] => ref _symbols[index];

    /// <summary>Forgets the symbols and keeps the memory.</summary>
    public void Clear() => Count = 0;

    /// <summary>Appends a symbol at the end of the text.</summary>
    public void Add(int id, int start, int length)
    {
        Debug.Assert(length > 0, "Length 0 marks a symbol that is gone.");
        if (Count == _symbols.Length)
        {
            Array.Resize(ref _symbols, checked(Count * 2));
        }

        if (Count > 0)
        {
            _symbols[Count - 1].Next = Count;
        }

        _symbols[Count] = new Symbol { Start = start, Length = length, Previous = Count - 1, Next = -1, Id = id };
        Count++;
    }

    /// <summary>Merges the most urgent pair, the leftmost of equals, until none is left.</summary>
    /// <param name="text">The text that the symbols index.</param>
    /// <param name="undo">Where to note what each merged token was made of, or null.</param>
    public void Merge(ReadOnlySpan<byte> text, Dictionary<int, (int Left, int Right)>? undo = null)
    {
        _heapCount = 0;
        for (int i = 0; i + 1 < Count; i++)
        {
            Offer(text, i);
        }

        while (_heapCount > 0)
        {
            long key = Pop();
            ref Symbol left = ref _symbols[(int)key];
            if (left.Length == 0 || left.Next < 0)
            {
                continue;
            }

            // An entry outlives the pair it was made for; only the rank of the present pair counts.
            ref Symbol right = ref _symbols[left.Next];
            if (rule.Find(text, left, right, out int mergedId) != (int)(key >> 32))
            {
                continue;
            }

            undo?[mergedId] = (left.Id, right.Id);
            left.Id = mergedId;
            left.Length += right.Length;
            left.Next = right.Next;
            right.Length = 0;
            if (left.Next >= 0)
            {
                _symbols[left.Next].Previous = (int)key;
                Offer(text, (int)key);
            }

            if (left.Previous >= 0)
            {
                Offer(text, left.Previous);
            }
        }
    }

    private void Offer(ReadOnlySpan<byte> text, int index)
    {
        ref Symbol left = ref _symbols[index];
        int rank = rule.Find(text, left, _symbols[left.Next], out _);
        if (rank >= 0)
        {
            Push(((long)rank << 32) | (uint)index);
        }
    }

    private void Push(long key)
    {
        if (_heapCount == _heap.Length)
        {
            Array.Resize(ref _heap, checked(_heapCount * 2));
        }

        int child = _heapCount++;
        while (child > 0 && _heap[(child - 1) / 2] > key)
        {
            _heap[child] = _heap[(child - 1) / 2];
            child = (child - 1) / 2;
        }

        _heap[child] = key;
    }

    private long Pop()
    {
        long top = _heap[0];
        long last = _heap[--_heapCount];
        int parent = 0;
        for (int child = 1; child < _heapCount; child = (2 * parent) + 1)
        {
            child += child + 1 < _heapCount && _heap[child + 1] < _heap[child] ? 1 : 0;
            if (_heap[child] >= last)
            {
                break;
            }

            _heap[parent] = _heap[child];
            parent = child;
        }

        _heap[parent] = last;
        return top;
    }
}
