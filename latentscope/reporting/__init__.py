"""The report: one offline page that answers all questions about one or more sets of latents.

`questions` has one module per question, with everything that belongs to it. `asking` answers them
on a set and returns a `study`, from which `answers`, `numbers` and `page` make the two files.
`figures` and `sheets` prepare plots and images for the page; `kept` stores slow results. The
function is public as ``latentscope.report``.
"""
