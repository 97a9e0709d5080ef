"""The report: one offline page that answers all questions about some latents, for a reader.

`questions` has one module per question, with all that belongs to it; `asking` asks them of a set
and returns a `study`, of which `answers`, `numbers` and `page` make the two files. `figures` and
`sheets` turn plots and images into what a page holds, `kept` keeps what takes long. The function is
public as ``latentscope.report``.
"""
