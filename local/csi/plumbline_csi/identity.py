"""The Identity service: who the plugin is and what it can do.

Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#identity-service-rpc
"""

from google.protobuf.wrappers_pb2 import BoolValue
from plumbline_csi_proto import csi_pb2 as pb

from plumbline_csi import VERSION, filesystem
from plumbline_csi.config import Config
from plumbline_csi.storage import Storage

_Service = pb.PluginCapability.Service
_Expansion = pb.PluginCapability.VolumeExpansion


class Identity:
    """Answers about the plugin itself."""

    def __init__(self, config: Config, storage: Storage) -> None:
        """Speak for the driver of this configuration and storage."""
        self._config = config
        self._storage = storage

    def get_plugin_info(self, _: pb.GetPluginInfoRequest) -> pb.GetPluginInfoResponse:
        """GetPluginInfo: the driver's name and version.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#getplugininfo
        """
        return pb.GetPluginInfoResponse(name=self._config.driver_name, vendor_version=VERSION)

    def get_plugin_capabilities(self, _: pb.GetPluginCapabilitiesRequest) -> pb.GetPluginCapabilitiesResponse:
        """GetPluginCapabilities: a controller, node-local volumes, and growth.

        Growth under a running workload is declared only where this process may grow an ext4 so.
        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#getplugincapabilities
        """
        expansion = _Expansion.ONLINE if filesystem.has_sys_resource() else _Expansion.OFFLINE
        return pb.GetPluginCapabilitiesResponse(
            capabilities=[
                pb.PluginCapability(service=_Service(type=_Service.CONTROLLER_SERVICE)),
                pb.PluginCapability(service=_Service(type=_Service.VOLUME_ACCESSIBILITY_CONSTRAINTS)),
                pb.PluginCapability(volume_expansion=_Expansion(type=expansion)),
            ]
        )

    def probe(self, _: pb.ProbeRequest) -> pb.ProbeResponse:
        """Probe: ready when the pool is there.

        Source: https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md#probe
        """
        return pb.ProbeResponse(ready=BoolValue(value=self._storage.pool.is_mounted))
