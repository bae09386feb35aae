using System.Runtime.InteropServices;

namespace MoREdge.Tensors;

/// <summary>
/// Zeroed memory straight from the system, in whole pages: only touched ones are resident, and all go back at once.
/// </summary>
/// <remarks>
/// The C library keeps freed blocks of up to 32 MiB and clears them before it gives them out again, which makes every
/// page of them resident: a text of a few tokens would take the memory of a full context.
/// </remarks>
internal static unsafe class PageMemory
{
    /// <summary>Smaller blocks are not worth two calls of the system; glibc begins with the same number.</summary>
    public const long BytesMin = 128 << 10;

    private const int ReadAndWrite = 0x1 | 0x2;
    private const int PrivateAndAnonymous = 0x02 | 0x20;
    private const int NoFile = -1;
    private const nint Failed = -1;

    private static readonly delegate* unmanaged<nint, nuint, int, int, int, nint, nint> Map =
        (delegate* unmanaged<nint, nuint, int, int, int, nint, nint>)Find("mmap");

    private static readonly delegate* unmanaged<nint, nuint, int> Unmap =
        (delegate* unmanaged<nint, nuint, int>)Find("munmap");

    /// <summary>Whether <see cref="Take"/> is for a block of <paramref name="byteCount"/> bytes.</summary>
    public static bool IsFor(long byteCount) => byteCount >= BytesMin && OperatingSystem.IsLinux();

    /// <summary>Takes zeroed bytes at the beginning of a page.</summary>
    /// <exception cref="InsufficientMemoryException">The system refuses.</exception>
    public static void* Take(nuint byteCount)
    {
        // SAFETY: a new mapping wherever the system has room; it touches no memory that anybody has.
        nint address = Map(0, byteCount, ReadAndWrite, PrivateAndAnonymous, NoFile, 0);
        return address != Failed
            ? (void*)address
            : throw new InsufficientMemoryException(
                $"There is not enough memory: the system refuses a block of {byteCount} bytes; try a smaller context "
                + "or a smaller model.");
    }

    /// <summary>Gives back what <see cref="Take"/> returned for as many bytes.</summary>
    public static void Free(void* memory, nuint byteCount) => _ = Unmap((nint)memory, byteCount);

    /// <summary>
    /// A function of the C library that the program is linked to: its file has another name on every system.
    /// </summary>
    private static nint Find(string name) => NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), name);
}
