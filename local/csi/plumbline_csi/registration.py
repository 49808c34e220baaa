"""Registration with the kubelet, which finds the socket in its plugin folder and asks there.

Source: https://kubernetes.io/docs/reference/node/kubelet-files/#device-plugins (plugins_registry) and
https://github.com/kubernetes/kubelet/blob/v0.36.4/pkg/apis/pluginregistration/v1/api.proto
"""

import threading
from collections.abc import Callable

from plumbline_csi_proto import registration_pb2 as pb

from plumbline_csi.config import Config
from plumbline_csi.logs import event


class Registration:
    """Tells the kubelet where the driver listens, and hears whether it was accepted."""

    def __init__(self, config: Config, on_refusal: Callable[[str], None]) -> None:
        """Speak for the driver of this configuration; `on_refusal` is told the kubelet's reason."""
        self._config = config
        self._on_refusal = on_refusal
        self.accepted = threading.Event()

    def get_info(self, _: pb.InfoRequest) -> pb.PluginInfo:
        """Registration.GetInfo: a CSI driver, its name and its socket."""
        return pb.PluginInfo(
            type="CSIPlugin",
            name=self._config.driver_name,
            endpoint=str(self._config.csi_socket),
            supported_versions=["1.0.0"],
        )

    def notify_registration_status(self, status: pb.RegistrationStatus) -> pb.RegistrationStatusResponse:
        """Registration.NotifyRegistrationStatus: the kubelet's answer."""
        if status.plugin_registered:
            self.accepted.set()
            event("registered", driver=self._config.driver_name)
        else:
            self.accepted.clear()
            self._on_refusal(status.error)
        return pb.RegistrationStatusResponse()
