"""Pictures of problems: the types that a question and a truth reach by converters, the
models between them, and what judges their answers."""

from sailc.graph.dot import dot
from sailc.graph.gather import gather
from sailc.graph.picture import Edge, Node, Picture
from sailc.graph.svg import svg

__all__ = ["Edge", "Node", "Picture", "dot", "gather", "svg"]
