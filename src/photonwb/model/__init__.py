"""How classes are declared: fields, the tree of objects, and classes made from specifications."""
