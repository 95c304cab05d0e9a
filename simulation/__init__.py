"""Viewers of known taste and the films they rate: the source of the sample data set.

The films are facts, read from the two catalogue files beside this module; the viewers, their
visits and their ratings are drawn from a model whose every size is a named parameter
(`simulation.parameters`). Because the noise is known, so is the lowest error any model can reach.
"""
