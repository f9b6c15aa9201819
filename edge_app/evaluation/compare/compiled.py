"""CompiledModel, ai-edge-litert's newer interface, as a third way to run a model beside the two interpreters."""

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import RuntimeMissingError
from ...recognition.classifier import find_outputs
from ...recognition.interpreter import MODULES, Runtime, find_runtime

PACKAGE = "ai-edge-litert"
MODULE = "ai_edge_litert.compiled_model"
COMPILED = f"{PACKAGE}, CompiledModel"


class _CompiledRuntime(Runtime):
    @property
    def version(self) -> str:
        """The package's version."""
        return find_runtime(PACKAGE).version


def find_way(name: str) -> Runtime:
    """Return a way to run models: an interpreter package by its name, or COMPILED; raises RuntimeMissingError.

    COMPILED is not tried, since it logs what it does to standard error.
    """
    if name != COMPILED:
        return find_runtime(name)
    find_runtime(PACKAGE)
    try:
        importlib.import_module(MODULE).Options  # noqa: B018  earlier versions cannot set the number of threads
    except (ImportError, AttributeError) as error:
        raise RuntimeMissingError(f"{COMPILED} needs {PACKAGE} 2.1.6 or later ({error})") from None
    return _CompiledRuntime(name, _Compiled)


class _Compiled:
    """A CompiledModel with the methods of an interpreter that Classifier uses.

    CompiledModel knows no scales, so an interpreter without kernels describes the tensors, for which opening takes
    about 0.2 ms longer.
    """

    def __init__(self, model_content: bytes, num_threads: int) -> None:
        own = importlib.import_module(MODULE)
        plain = importlib.import_module(MODULES[PACKAGE])
        without = plain.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        described = plain.Interpreter(model_content=model_content, experimental_op_resolver_type=without)
        self.get_input_details, self.get_output_details = described.get_input_details, described.get_output_details
        self.get_tensor_details = described.get_tensor_details
        self._steps = described._get_ops_details()
        cpu = own.Options(own.HardwareAccelerator.CPU, cpu_options=own.CpuOptions(num_threads=num_threads))
        self._model = own.CompiledModel.from_buffer(model_content, options=cpu)
        if self._model.is_fully_accelerated():
            self._steps.append({"op_name": "DELEGATE", "inputs": [], "outputs": []})
        [self._input], self._buffers = self._model.create_input_buffers(0), self._model.create_output_buffers(0)
        # by size, as their order is not the interpreter's
        buffers = sorted(self._buffers, key=lambda own: int(np.prod(own.get_tensor_details()["shape"])))
        self._outputs = {
            own["index"]: (buffer, int(np.prod(own["shape"])), own["dtype"])
            for own, buffer in zip(find_outputs(described), buffers, strict=True)
        }
        [detail] = self.get_input_details()
        self.set_tensor(0, np.zeros(detail["shape"], detail["dtype"]))  # now, a ValueError for int16

    def allocate_tensors(self) -> None:
        """Do nothing: the buffers exist."""

    def set_tensor(self, _: int, values: NDArray[Any]) -> None:
        """Write the input."""
        self._input.write(values)

    def invoke(self) -> None:
        """Run the model."""
        self._model.run_by_index(0, [self._input], self._buffers)

    def get_tensor(self, index: int) -> NDArray[Any]:
        """Return an output, flat."""
        buffer, size, kind = self._outputs[index]
        return buffer.read(size, kind)

    def _get_ops_details(self) -> list[dict[str, Any]]:
        return self._steps
