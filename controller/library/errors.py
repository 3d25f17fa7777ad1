"""Why a piece of sound is refused or cannot be made, as facts and one sentence in two languages."""

from typing import ClassVar


class LibraryError(Exception):
    """Something about a sound that its owner should read.

    `facts` are the figures behind the sentence (keys in the subclass), `vi` and `en` the sentence,
    `code` a stable name for programs, `may_retry` whether the same request can succeed later.
    """

    code: ClassVar[str] = "library"
    vi_text: ClassVar[str] = "Không xử lý được âm thanh này"
    en_text: ClassVar[str] = "This sound cannot be handled"
    may_retry: ClassVar[bool] = False

    def __init__(self, **facts: str | float) -> None:
        self.facts = facts
        self.vi = self.vi_text.format(**facts)
        self.en = self.en_text.format(**facts)
        super().__init__(f"{self.vi} / {self.en}")


class EmptyFile(LibraryError):
    """Zero bytes."""

    code = "empty_file"
    vi_text = "Tệp rỗng, không có gì bên trong. Hãy chọn lại tệp"
    en_text = "The file is empty. Please choose the file again"


class NotAudio(LibraryError):
    """Not one of the formats that the library accepts, whatever its name says."""

    code = "not_audio"
    vi_text = "Tệp này không phải âm thanh mà đài nhận được (WAV, MP3, M4A, OGG, Opus hoặc FLAC)"
    en_text = "The file is not audio that the station accepts (WAV, MP3, M4A, OGG, Opus or FLAC)"


class NoSoundTrack(LibraryError):
    """A container of an accepted format without an audio stream."""

    code = "no_sound_track"
    vi_text = "Tệp đọc được nhưng không có đường tiếng nào"
    en_text = "The file can be read but has no sound track"


class Damaged(LibraryError):
    """The decoder gave up. Fact: `detail`, its last words."""

    code = "damaged"
    vi_text = "Tệp âm thanh bị hỏng, không giải mã được. Hãy xuất hoặc thu lại tệp"
    en_text = "The audio file is damaged and cannot be decoded. Please export or record it again"


class Truncated(LibraryError):
    """Shorter than its own header says. Facts: `claimed_s`, `found_s`."""

    code = "truncated"
    vi_text = "Tệp bị cắt cụt: ghi là {claimed_s:.0f} giây nhưng chỉ còn {found_s:.0f} giây"
    en_text = "The file is cut short: it says {claimed_s:.0f} s but only {found_s:.0f} s are there"


class TooShort(LibraryError):
    """Facts: `found_s`, `at_least_s`."""

    code = "too_short"
    vi_text = "Âm thanh chỉ dài {found_s:.1f} giây, cần ít nhất {at_least_s:.1f} giây"
    en_text = "The sound is only {found_s:.1f} s long, at least {at_least_s:.1f} s are needed"


class TooLong(LibraryError):
    """Fact: `limit_s`."""

    code = "too_long"
    vi_text = "Âm thanh dài quá {limit_s:.0f} giây, mức tối đa được nhận"
    en_text = "The sound is longer than {limit_s:.0f} s, the most that is accepted"


class TooQuiet(LibraryError):
    """Silence, or too faint to be speech. Facts: `found_lufs`, `at_least_lufs`."""

    code = "too_quiet"
    vi_text = "Tệp gần như im lặng ({found_lufs:.0f} LUFS). Hãy kiểm tra micro rồi thu lại"
    en_text = "The file is all but silent ({found_lufs:.0f} LUFS). Check the microphone and retry"


class TooHeavy(LibraryError):
    """Decoding went over its limits of time or memory. Fact: `cpu_s`, the CPU seconds allowed."""

    code = "too_heavy"
    vi_text = "Giải mã tệp này vượt giới hạn cho phép ({cpu_s:.0f} giây). Tệp có thể bị hỏng"
    en_text = "Decoding this file goes over the limit ({cpu_s:.0f} s). It may be damaged"


class StoreFull(LibraryError):
    """The disk under the library takes no more. Fact: `folder`."""

    code = "store_full"
    vi_text = "Ổ đĩa của kho âm thanh đã đầy ({folder}). Hãy xóa bớt tệp cũ"
    en_text = "The disk of the sound library is full ({folder}). Please remove old files"
    may_retry = True


class AssetMissing(LibraryError):
    """No asset of this name. Fact: `sha256`."""

    code = "asset_missing"
    vi_text = "Kho không có tệp âm thanh {sha256}"
    en_text = "The library has no asset {sha256}"


class AssetDamaged(LibraryError):
    """The bytes on the disk are not the bytes of the name. Fact: `sha256`."""

    code = "asset_damaged"
    vi_text = "Tệp âm thanh {sha256} trên đĩa đã bị hỏng. Hãy tải lên lại"
    en_text = "Asset {sha256} is damaged on the disk. Please upload it again"


class ProgramMissing(LibraryError):
    """A program of the system is not installed. Fact: `program`."""

    code = "program_missing"
    vi_text = "Máy chủ chưa cài chương trình {program}"
    en_text = "The program {program} is not installed on the server"
    may_retry = True


class NothingToSay(LibraryError):
    """A text without a letter or digit."""

    code = "nothing_to_say"
    vi_text = "Văn bản trống, không có gì để đọc"
    en_text = "The text is empty, there is nothing to read"


class VoiceUnknown(LibraryError):
    """Facts: `voice`, `known` (comma-separated)."""

    code = "voice_unknown"
    vi_text = "Không có giọng đọc {voice}; các giọng hiện có: {known}"
    en_text = "There is no voice {voice}; the voices are: {known}"


class SpeechFailed(LibraryError):
    """The speech program failed on a sentence. Facts: `sentence` (its beginning), `detail`."""

    code = "speech_failed"
    vi_text = "Không đọc được câu “{sentence}”"
    en_text = "The sentence “{sentence}” could not be spoken"
    may_retry = True
