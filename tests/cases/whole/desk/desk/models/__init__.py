from .attachment import Attachment
from .comment import Comment
from .ticket import Ticket

__all__ = ["Attachment", "Comment", "Ticket"]
