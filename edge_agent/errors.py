"""Why the agent cannot go on, as facts and a sentence in two languages."""

from pathlib import Path


class AgentError(Exception):
    """The root of the agent's own errors."""

    def __init__(self, vi: str, en: str) -> None:
        self.vi, self.en = vi, en
        super().__init__(f"{vi} / {en}")


class ConfigurationWrong(AgentError):
    """The settings are wrong; `problems` holds every one found."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        listed = "; ".join(problems)
        super().__init__(f"Cấu hình sai: {listed}", f"Wrong configuration: {listed}")


class NotEnrolled(AgentError):
    """The data folder holds no identity."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            f"Thiết bị chưa đăng ký ({folder}); hãy chạy truyenthanh-agent enrol",
            f"Not enrolled ({folder}); run truyenthanh-agent enrol",
        )


class AlreadyEnrolled(AgentError):
    """The data folder holds an identity already."""

    def __init__(self, device: str) -> None:
        self.device = device
        super().__init__(f"Đã đăng ký là {device}", f"Already enrolled as {device}")


class ControllerUnproven(AgentError):
    """The controller's bundle is not the one that the claim code names."""

    def __init__(self, controller: str) -> None:
        self.controller = controller
        super().__init__(
            f"{controller} không phải máy chủ ghi trong mã đăng ký; dừng lại",
            f"{controller} is not the controller named by the claim code; stopped",
        )


class ControllerRefused(AgentError):
    """The controller answered with an error; `status` is the HTTP status, 0 without an answer."""

    def __init__(self, controller: str, status: int, why: str) -> None:
        self.controller, self.status, self.why = controller, status, why
        super().__init__(
            f"{controller} từ chối hoặc không trả lời ({status}): {why}",
            f"{controller} refused or did not answer ({status}): {why}",
        )


class StorageFailed(AgentError):
    """The data folder does not take what must be kept (full, read-only, broken)."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"Không ghi được dữ liệu: {why}", f"Data cannot be written: {why}")


class AssetUnavailable(AgentError):
    """A file could not be fetched. `code` is for receipts; `may_retry` says whether later helps."""

    def __init__(self, sha256: str, code: str, why: str) -> None:
        self.sha256, self.code, self.why = sha256, code, why
        super().__init__(
            f"Chưa tải được tệp {sha256[:12]}: {why}", f"File {sha256[:12]} not fetched: {why}"
        )
