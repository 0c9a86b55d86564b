"""Begin a class, or join one."""

from app.classroom.page import classroom_page

classroom_page()
