namespace MoREdge.ModelFile;

/// <summary>Tells a full disk from the other ways in which writing fails.</summary>
internal static class WriteFault
{
    // .NET on Unix puts errno into HResult: ENOSPC is 28 everywhere, EDQUOT (quota exceeded) 122 on Linux, 69 on macOS.
    private const int Enospc = 28;
    private const int EdquotLinux = 122;
    private const int EdquotMac = 69;

    // Windows: ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL as HRESULT.
    private const int HandleDiskFull = unchecked((int)0x80070027);
    private const int DiskFull = unchecked((int)0x80070070);

    // A failed reservation of room throws a plain IOException (COR_E_IO): ENOSPC, or EFBIG where the file system's
    // largest file is too small for the model. A failure to create the file has an errno, or a type of its own.
    private const int ReservationFailed = unchecked((int)0x80131620);

    /// <summary>The typed exception for a failure of the system while writing <paramref name="path"/>.</summary>
    public static ModelFileException From(Exception failure, string path, long byteCount)
    {
        if (failure is IOException
            && failure.HResult is Enospc or EdquotLinux or EdquotMac or HandleDiskFull or DiskFull or ReservationFailed)
        {
            return new ModelFileException(
                ModelFileError.DiskFull, $"{path}: the disk has no room for a file of {byteCount} bytes.", failure);
        }

        // What .NET makes of EFBIG.
        if (failure is ArgumentOutOfRangeException)
        {
            return new ModelFileException(
                ModelFileError.DiskFull,
                $"{path}: a file of {byteCount} bytes is larger than the file system or the limit of this user allows.",
                failure);
        }

        return new ModelFileException(
            ModelFileError.WriteFailed, $"{path}: cannot be written ({failure.Message})", failure);
    }
}
