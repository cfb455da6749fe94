# The base of all images where none can be pulled: a minimal Debian with Python, made by cli/images/base.py.
FROM scratch
ADD root.tar /
CMD ["python3"]
