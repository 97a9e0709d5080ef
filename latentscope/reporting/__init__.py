"""The report: one offline page that answers all questions about some latents, for a reader.

`study` analyses each set, `answers` words what was found, `figures` and `albums` draw it, `page`
puts it together, `kept` keeps what took long. The function is public as ``latentscope.report``.
"""
